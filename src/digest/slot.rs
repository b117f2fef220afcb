//! Which editions are due: a pure function of schedule, zone, the last slot
//! and the present moment.

/// A parsed schedule.
#[derive(Debug, Clone)]
pub struct Schedule {}

/// What happens to slots that passed while the daemon was down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CatchUp {
    /// One edition, for the latest of them.
    #[default]
    Latest,
    /// One edition each.
    All,
    /// None: wait for the next slot.
    None,
}
