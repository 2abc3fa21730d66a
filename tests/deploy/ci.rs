//! The CI recipes: a repository that others push to, a fresh checkout for each run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Mill;
use crate::{HERE, has, lakes, recipe, run};

/// A remote repository with the pages of the lakes in it.
struct Forge {
    mill: Mill,
    checkouts: std::cell::Cell<usize>,
}

impl Forge {
    fn new() -> Self {
        let forge = Self { mill: lakes(), checkouts: std::cell::Cell::new(0) };
        let bare = forge.mill.path("remote.git");
        git(&forge.mill.path(""), &["init", "--quiet", "--bare", "--initial-branch=main", bare.to_str().unwrap()]);
        let first = forge.mill.path("first");
        fs::create_dir_all(first.join("scrapes")).unwrap();
        git(&first, &["init", "--quiet", "--initial-branch=main"]);
        git(&first, &["remote", "add", "origin", bare.to_str().unwrap()]);
        for page in fs::read_dir(forge.mill.path("scrapes")).unwrap() {
            let page = page.unwrap();
            fs::copy(page.path(), first.join("scrapes").join(page.file_name())).unwrap();
        }
        fs::copy(forge.mill.path("feedmill.toml"), first.join("feedmill.toml")).unwrap();
        push(&first);
        forge
    }

    /// A fresh checkout.
    fn checkout(&self) -> PathBuf {
        self.checkouts.set(self.checkouts.get() + 1);
        let to = self.mill.path(&format!("checkout-{}", self.checkouts.get()));
        let from = format!("file://{}", self.mill.path("remote.git").display());
        git(&self.mill.path(""), &["clone", "--quiet", "--depth=1", &from, to.to_str().unwrap()]);
        to
    }

    /// What a job does in a fresh checkout: its exit code, and what it printed.
    fn job(&self) -> (i32, String) {
        let script = Path::new(HERE).join("deploy/ci/publish.sh");
        let checkout = self.checkout();
        let mut command = Command::new(script);
        let done = run(surroundings(command.current_dir(&checkout)).env("FEEDMILL", env!("CARGO_BIN_EXE_feedmill")));
        assert_eq!(git(&checkout, &["status", "--porcelain"]), "", "the checkout stays as it was");
        assert_eq!(git(&checkout, &["branch", "--list"]).lines().count(), 1, "and its branches do");
        done
    }

    /// The newest commit of a branch; empty if there is none.
    fn head(&self, branch: &str) -> String {
        git(&self.mill.path("remote.git"), &["for-each-ref", "--format=%(objectname)", &format!("refs/heads/{branch}")])
    }

    fn heads(&self) -> [String; 2] {
        ["feeds", "feeds-history"].map(|branch| self.head(branch))
    }

    /// A file of the branch that a host serves.
    fn served(&self, file: &str) -> String {
        git(&self.mill.path("remote.git"), &["show", &format!("feeds:{file}")])
    }

    /// Lets somebody change the pages.
    fn pages(&self, change: impl Fn(&Path)) {
        let checkout = self.checkout();
        change(&checkout.join("scrapes"));
        push(&checkout);
    }
}

/// A git that knows nobody and asks nobody.
fn surroundings(command: &mut Command) -> &mut Command {
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0")
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(folder).args(["-c", "user.name=t", "-c", "user.email=t@localhost"]).args(arguments);
    let (code, told) = run(surroundings(&mut command));
    assert_eq!(code, 0, "git {arguments:?}: {told}");
    told
}

fn push(checkout: &Path) {
    git(checkout, &["add", "--all"]);
    git(checkout, &["commit", "--quiet", "--message", "pages"]);
    git(checkout, &["push", "--quiet", "origin", "HEAD:main"]);
}

#[test]
fn a_job_publishes_what_changed_and_keeps_what_was_read() {
    if !has("git") {
        return;
    }
    let forge = Forge::new();
    let (code, told) = forge.job();
    assert_eq!(code, 0, "{told}");
    // What a person would have got by hand.
    let by_hand = fs::read_to_string(forge.mill.path("public/lakes/atom.xml")).unwrap();
    assert!(forge.served("lakes/atom.xml") == by_hand);
    let heads = forge.heads();
    assert!(heads.iter().all(|head| !head.is_empty()));

    // Nothing has changed: no commit.
    assert_eq!(forge.job().0, 0);
    assert_eq!(forge.heads(), heads);

    // All pages but one are gone, and that one was overwritten: what they listed stays.
    forge.pages(|scrapes| {
        for page in fs::read_dir(scrapes).unwrap() {
            fs::remove_file(page.unwrap().path()).unwrap();
        }
        let page = "News room\n\n  1. A new bell\n\n    19 July 2021\n\n    It rings at six.\n";
        fs::write(scrapes.join("news-2021-07-20.txt"), page).unwrap();
    });
    let (code, told) = forge.job();
    assert_eq!(code, 0, "{told}");
    let now = forge.served("lakes/atom.xml");
    assert!(now.contains("A new bell"));
    assert_eq!(now.matches("<entry>").count(), by_hand.matches("<entry>").count() + 1, "{told}");
    let after = forge.heads();
    assert!(after[0] != heads[0] && after[1] != heads[1]);
}

#[test]
fn a_page_that_drifted_makes_the_job_red_and_the_feeds_are_published() {
    if !has("git") {
        return;
    }
    let forge = Forge::new();
    forge.pages(|scrapes| fs::write(scrapes.join("news-2021-07-20.txt"), "502 Bad Gateway\n\nnginx\n").unwrap());
    let (code, told) = forge.job();
    assert_eq!(code, 1, "{told}");
    assert!(forge.served("lakes/rss.xml").contains("<item>"));
}

#[test]
fn a_config_that_cannot_be_used_publishes_nothing() {
    if !has("git") {
        return;
    }
    let forge = Forge::new();
    assert_eq!(forge.job().0, 0);
    let heads = forge.heads();
    forge.pages(|scrapes| fs::write(scrapes.with_file_name("feedmill.toml"), "nonsense = 1\n").unwrap());
    let (code, told) = forge.job();
    assert_eq!(code, 2, "{told}");
    assert_eq!(forge.heads(), heads);
}

/// The commands of a job of the GitLab recipe, as its runner would run them.
fn script(job: &str) -> String {
    let text = recipe("ci/gitlab-ci.yml");
    let job = text.split(&format!("\n{job}:\n")).nth(1).unwrap();
    let lines = job.split("  script:\n").nth(1).unwrap().lines().map_while(|line| line.strip_prefix("    - "));
    let plain = lines.map(|line| line.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(line));
    format!("set -e\n{}\n", plain.collect::<Vec<_>>().join("\n"))
}

#[test]
fn the_jobs_of_gitlab_tell_published_from_failed() {
    let mill = lakes();
    let folder = Path::new(env!("CARGO_BIN_EXE_feedmill")).parent().unwrap();
    let job = |name| {
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
        run(Command::new("bash").current_dir(mill.path("")).env("PATH", path).args(["-c", &script(name)])).0
    };
    assert_eq!((job("pages"), job("verdict")), (0, 0));
    mill.write("scrapes/news-2021-07-20.txt", "502 Bad Gateway\n\nnginx\n");
    assert_eq!((job("pages"), job("verdict")), (0, 1));
    mill.configure("nonsense = 1\n");
    assert_ne!(job("pages"), 0);
}

#[test]
fn the_workflow_calls_the_script_that_is_there() {
    let workflow = recipe("ci/feeds.yml");
    let called = workflow.lines().find_map(|line| line.strip_prefix("      - run: ")).unwrap();
    assert!(Path::new(HERE).join(called).is_file(), "{called}");
    assert!(!workflow.contains('\t'));
}
