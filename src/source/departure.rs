//! When so many pieces are gone at once that only the operator can mean it: pure.
//!
//! A site whose database is being restored, or that has moved, answers politely
//! that nothing is there. What it gave before then stays until somebody says so.

/// So many of a mass are asked for one by one.
pub const SAMPLE: usize = 20;

/// Are `gone` of `all` pieces more than a site lets go by the way? More than
/// ten and more than one in a hundred; or more than two and more than a fifth;
/// or everything there was.
#[must_use]
pub fn is_mass(gone: usize, all: usize) -> bool {
    gone > 10.max(all / 100) || gone > 2 && gone * 5 > all || gone > 1 && gone >= all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_go_by_the_way_and_many_do_not() {
        for (gone, all, mass) in [
            (0, 0, false),
            (1, 1, false),
            (1, 3, false),
            (2, 3, false),
            (2, 2, true),
            (3, 10, true),
            (8, 68, false),
            (10, 60, false),
            (11, 60, true),
            (11, 5000, false),
            (50, 5000, false),
            (51, 5000, true),
        ] {
            assert_eq!(is_mass(gone, all), mass, "{gone} of {all}");
        }
    }
}
