//! feedmill: a folder of saved listing pages goes in, feeds that any reader can trust come out.

pub mod mill;
pub mod publish;
pub mod trouble;
