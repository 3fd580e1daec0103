//! The three subcommands that start something: what each reads, decides and writes before the real runtime goes on.

pub mod create;
pub mod exec;
pub mod start;

use crate::command_line::{ContainerId, Global};
use crate::configuration::Configuration;
use crate::policy::pod::PodNames;

/// What a subcommand works with.
#[derive(Debug)]
pub struct Context<'a> {
    /// What stood before the subcommand.
    pub global: &'a Global,
    /// nono-runc's own configuration.
    pub configuration: &'a Configuration,
    /// The container.
    pub id: &'a ContainerId,
}

/// What is to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The real runtime goes on.
    Proceed,
    /// The command would not start under runc: its error, word for word.
    CommandFails(String),
}

/// Whose container it is, as soon as that is known; for the log.
pub type Subject = Option<PodNames>;
