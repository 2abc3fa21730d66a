//! Work shared out among threads.

use std::sync::{Mutex, OnceLock, PoisonError};

/// The processors that this process may use. The system is asked once: the answer is in some files of its own, and a
/// pass over one file takes less time than reading them.
pub(crate) fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Does the work for each of the jobs, on as many threads as are worth having, each of which takes what is next. What
/// came of them, in their order; `None` of one at which its thread panicked, and of those that it had done before.
pub(crate) fn on_all_cores<T: Send, R: Send>(jobs: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<Option<R>> {
    on_cores(cores(), jobs, || (), |(), job| work(job))
}

/// [`on_all_cores`] for so many threads at most, each with a state of its own that one job leaves to the next: a buffer,
/// an open folder.
pub(crate) fn on_cores<T: Send, S, R: Send>(
    most: usize,
    jobs: Vec<T>,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, T) -> R + Sync,
) -> Vec<Option<R>> {
    let count = jobs.len();
    let jobs = Mutex::new(jobs.into_iter().enumerate());
    let all = || {
        let (mut state, mut share) = (state(), Vec::new());
        loop {
            let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((at, job)) = next else { return share };
            share.push((at, work(&mut state, job)));
        }
    };
    let shares: Vec<Vec<(usize, R)>> = std::thread::scope(|scope| {
        // Where no more threads are to be had (a service's TasksMax=) this one does it all.
        let more = |_| std::thread::Builder::new().spawn_scoped(scope, all).ok();
        let others: Vec<_> = (1..most.min(count)).filter_map(more).collect();
        let mut shares = vec![all()];
        shares.extend(others.into_iter().map(|other| other.join().unwrap_or_default()));
        shares
    });
    let mut done: Vec<Option<R>> = Vec::new();
    done.resize_with(count, || None);
    for (at, result) in shares.into_iter().flatten() {
        if let Some(slot) = done.get_mut(at) {
            *slot = Some(result);
        }
    }
    done
}
