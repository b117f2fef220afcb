//! Where pieces belong that are hard to place.

mod hard_cases;
