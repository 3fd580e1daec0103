//! `kata/policy`, asked with the engines of Kata's agents.

mod baked;
mod cases;
mod fixtures;
mod life;
mod matcher;
