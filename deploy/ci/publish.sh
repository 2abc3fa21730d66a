#!/usr/bin/env bash
# One run of a CI job: from the saved pages in this checkout to the feeds on a branch that a static host serves.
#
# Called in the checkout, where feedmill.toml lies; on GitHub by feeds.yml beside this. The checkout may be a fresh one:
# what was ever read is kept on a branch of its own, so items stay when pages are overwritten or deleted. Both branches
# are made when they are missing, and get a commit only when something has changed.
#
# Ends as `feedmill --once` does. 0 and 1 mean published; with 1 there is something to look at, told above. Else nothing
# was published. In the surroundings, if another value is wanted:
#   FEEDMILL        the program: feedmill
#   REMOTE          where the branches are: origin
#   SITE_BRANCH     what the host serves: feeds
#   HISTORY_BRANCH  what was ever read, and the decisions: feeds-history
#   PING            1: tell the hubs of [websub] after the upload (the config says once = false)
set -euo pipefail

feedmill=${FEEDMILL:-feedmill} remote=${REMOTE:-origin}
site_branch=${SITE_BRANCH:-feeds} history_branch=${HISTORY_BRANCH:-feeds-history}

work=$(mktemp -d)
clean() {
    for folder in site history; do
        git worktree remove --force "$work/$folder" 2>/dev/null || true
        git branch --quiet --delete --force "new-$folder-$$" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean EXIT

# The newest commit of a branch, in a folder of its own. It shares the checkout's settings, credentials among them.
take() {
    local branch=$1 folder=$2 found=0
    # 2: there is no such branch. Anything else that fails is a remote that can't be asked.
    git ls-remote --quiet --exit-code "$remote" "refs/heads/$branch" >/dev/null || found=$?
    case $found in
    0)
        git fetch --quiet --depth=1 "$remote" "refs/heads/$branch"
        git worktree add --quiet --detach "$folder" FETCH_HEAD
        ;;
    2)
        git worktree add --quiet --detach --no-checkout "$folder"
        git -C "$folder" switch --quiet --orphan "new-${folder##*/}-$$"
        ;;
    *) exit 3 ;;
    esac
}

# Commits and uploads what differs in a folder, if anything does.
keep() {
    local branch=$1 folder=$2 what=$3
    git -C "$folder" add --all
    ! git -C "$folder" diff --cached --quiet || return 1
    git -C "$folder" -c user.name=feedmill -c user.email=feedmill@localhost commit --quiet --message "$what"
    # Not by force: of two jobs at the same time one fails, and the next run brings both together.
    git -C "$folder" push --quiet "$remote" "HEAD:refs/heads/$branch" || exit 3
}

take "$history_branch" "$work/history"
take "$site_branch" "$work/site"

state=$work/state history=$work/history/history.jsonl decisions=$work/history/decisions.jsonl
mkdir "$state"
touch "$decisions"
cp "$decisions" "$state/"
# The first time there is none. One that is there and holds nothing was lost on the way, and import says so.
[ ! -e "$history" ] || "$feedmill" import --state "$state" --output "$work/site" "$history"
status=0
"$feedmill" --once --state "$state" --output "$work/site" || status=$?
[ "$status" -le 1 ] || exit "$status"
"$feedmill" export --state "$state" >"$history"
cp "$state/decisions.jsonl" "$decisions"
# GitHub would else leave out names that it thinks are not for the world.
touch "$work/site/.nojekyll"

keep "$history_branch" "$work/history" "what was read" || true
if keep "$site_branch" "$work/site" "feeds" && [ "${PING:-0}" = 1 ]; then
    "$feedmill" ping --state "$state" || true
fi
exit "$status"
