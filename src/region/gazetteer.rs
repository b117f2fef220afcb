//! Names of places and whose they are.

/// The built-in table of names, ready to be searched. Built once, shared.
#[derive(Debug, Default)]
pub struct Gazetteer {}

impl Gazetteer {
    /// The table that is compiled in.
    #[must_use]
    pub fn builtin() -> Self {
        Self {}
    }
}
