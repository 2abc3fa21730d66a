//! Work shared out among threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
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

/// Makes jobs on this thread, and does the work for each; if it is to go `ahead`, on another thread while the next is
/// made, which takes the memory of two of them and of one thread more. Results are handed to `done` on this thread, in
/// order; `None` of a job whose work panicked. `make` ends it all by returning `None`.
///
/// # Errors
/// The first of `make` and `done`: no other job is begun.
pub(crate) fn one_by_one<T, J: Send, R: Send, E>(
    ahead: bool,
    of: impl IntoIterator<Item = T>,
    mut make: impl FnMut(T) -> Result<Option<J>, E>,
    work: impl Fn(J) -> R + Sync,
    mut done: impl FnMut(Option<R>) -> Result<(), E>,
) -> Result<(), E> {
    let mut of = of.into_iter().fuse();
    let mut made = of.next().map_or(Ok(None), &mut make)?;
    while let Some(job) = made.take() {
        let Some(next) = ahead.then(|| of.next()).flatten() else {
            done(catch_unwind(AssertUnwindSafe(|| work(job))).ok())?;
            made = of.next().map_or(Ok(None), &mut make)?;
            continue;
        };
        // Where no thread is to be had, the job is still here.
        let job = Mutex::new(Some(job));
        let run = || job.lock().unwrap_or_else(PoisonError::into_inner).take().map(&work);
        let (worked, next) = std::thread::scope(|scope| {
            let other = std::thread::Builder::new().spawn_scoped(scope, run);
            let next = make(next);
            (other.map_or_else(|_| run(), |other| other.join().unwrap_or_default()), next)
        });
        done(worked)?;
        made = next?;
    }
    Ok(())
}

/// [`on_all_cores`] for so many threads at most, each with a state of its own that one job leaves to the next: a
/// buffer, an open folder.
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

#[cfg(test)]
mod tests {
    use super::one_by_one;

    fn told(jobs: u32, enough: u32, fails: u32) -> (Result<(), u32>, Vec<Option<u32>>) {
        let told = told_if(true, jobs, enough, fails);
        assert_eq!(told_if(false, jobs, enough, fails), told);
        told
    }

    fn told_if(ahead: bool, jobs: u32, enough: u32, fails: u32) -> (Result<(), u32>, Vec<Option<u32>>) {
        let mut done = Vec::new();
        let make = |n| if n == fails { Err(n) } else { Ok((n < enough).then_some(n)) };
        let work = |n| if n == 2 { panic!("of this one nothing comes") } else { n * 10 };
        let result = one_by_one(ahead, 0..jobs, make, work, |n| {
            done.push(n);
            Ok(())
        });
        (result, done)
    }

    #[test]
    fn what_is_made_ahead_is_done_in_order() {
        assert_eq!(told(0, 9, 9), (Ok(()), vec![]));
        assert_eq!(told(1, 9, 9), (Ok(()), vec![Some(0)]));
        assert_eq!(told(4, 9, 9), (Ok(()), vec![Some(0), Some(10), None, Some(30)]));
        assert_eq!(told(3, 9, 9), (Ok(()), vec![Some(0), Some(10), None]));
        assert_eq!(told(4, 1, 9), (Ok(()), vec![Some(0)]));
        assert_eq!(told(4, 9, 0), (Err(0), vec![]));
        // What was begun before is still taken.
        assert_eq!(told(4, 9, 1), (Err(1), vec![Some(0)]));
    }
}
