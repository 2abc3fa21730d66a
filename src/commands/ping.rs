//! `ping`: hubs are told of what is published; and what a single pass does of it at its end.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::json;
use tracing::{info, warn};

use super::{Ended, configured};
use crate::cli::{Cli, Format};
use crate::config::Config;
use crate::hub::{self, Outcome};
use crate::operations::{Operations, Sight};
use crate::report::Count;
use crate::state::{self, State};
use crate::store::PublishLedger as _;
use crate::trouble::{Exit, Trouble};

/// As long as a single pass is held up by hubs.
const BUDGET: Duration = Duration::from_secs(30);

pub(super) fn ping(cli: &Cli) -> Result<Exit, Ended> {
    let config = configured(cli)?;
    if config.websub.hubs.is_empty() {
        return Err(Trouble::usage("the config names no hubs to tell").help("add [websub] with hubs = [\"…\"]").into());
    }
    let outcomes = tell(&config)?;
    let exit = if outcomes.iter().all(|outcome| outcome.why.is_none()) { Exit::Done } else { Exit::Attention };
    let mut out = io::stdout().lock();
    if cli.global.format == Format::Json {
        let hubs: Vec<_> = outcomes.iter().map(as_json).collect();
        writeln!(out, "{}", json!({ "schema": 1, "exit": exit as u8, "hubs": hubs }))?;
    } else if !cli.global.quiet {
        for Outcome { hub, told, owed, .. } in &outcomes {
            let left = if *owed > 0 {
                format!("; {} still to be told of", Count(*owed, "feed document"))
            } else {
                String::new()
            };
            writeln!(out, "{hub}: told of {}{left}", Count(told.len(), "feed document"))?;
        }
    }
    Ok(exit)
}

/// Tells the hubs at the end of a single pass. That one can't be reached changes nothing of what the pass did.
pub(super) fn after_pass(config: &Config) -> Result<(), Trouble> {
    if !config.websub.hubs.is_empty() {
        tell(config)?;
    }
    Ok(())
}

fn tell(config: &Config) -> Result<Vec<Outcome>, Trouble> {
    let published = State::look(&config.state)?.published().map_err(|error| state::unusable(&config.state, error))?;
    let outcomes = hub::tell_once(config, &hub::topics(config, &published), BUDGET);
    for Outcome { hub, told, owed, why, .. } in &outcomes {
        match why {
            Some(why) if *owed > 0 => {
                warn!(%hub, why, owed, "the hub could not be told of all that changed; the next pass, or `feedmill ping`, tries again");
            }
            Some(why) => warn!(%hub, why, "the hub won't hear of a feed"),
            None => info!(%hub, told = told.len(), "told the hub"),
        }
    }
    note(config, &outcomes);
    Ok(outcomes)
}

/// Notes which hubs are told in vain, where no other feedmill holds the state: that one knows better.
fn note(config: &Config, outcomes: &[Outcome]) {
    let Ok(_held) = state::lock(&config.state) else { return };
    let sights = outcomes.iter().filter_map(|Outcome { hub, owed, why, refuses, .. }| {
        let owed = why.as_ref().filter(|_| *owed > 0).map(|why| {
            let count = Count(*owed, "feed document");
            format!("it could not be told of {count}: {why}")
        });
        Some(Sight { subject: hub.to_string(), detail: owed.or_else(|| refuses.clone())? })
    });
    Operations::of(&config.state).hubs(config, sights);
}

fn as_json(outcome: &Outcome) -> serde_json::Value {
    let Outcome { hub, told, owed, why, .. } = outcome;
    let told: Vec<&str> = told.iter().map(|topic| topic.as_str()).collect();
    json!({ "hub": hub.as_str(), "told": told, "owed": owed, "why": why })
}
