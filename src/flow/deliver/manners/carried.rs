//! How many mails one connection has carried, and whether it may carry more.

use std::collections::HashMap;

use crate::delivery::manners::domain;

/// Mails over one connection: in all, and to domains where that is limited.
#[derive(Debug, Default)]
pub(in crate::flow::deliver) struct Carried {
    mails: usize,
    to: HashMap<Box<str>, usize>,
}

impl Carried {
    /// One more is offered over it; `limit` is that of its domain.
    pub(in crate::flow::deliver) fn add(&mut self, address: &str, limit: Option<usize>) {
        self.mails += 1;
        if limit.is_some() {
            *self.to.entry(domain(address).into()).or_default() += 1;
        }
    }

    /// May one more go over it, under the limit of the relay and of the domain?
    pub(in crate::flow::deliver) fn may(
        &self,
        address: &str,
        relay: Option<usize>,
        limit: Option<usize>,
    ) -> bool {
        let to = || self.to.get(domain(address)).copied().unwrap_or(0);
        relay.is_none_or(|most| self.mails < most) && limit.is_none_or(|most| to() < most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_full_for_a_domain_before_it_is_for_all() {
        let mut carried = Carried::default();
        for (address, limit) in [("a@one.example", Some(1)), ("a@two.example", None)] {
            assert!(carried.may(address, Some(3), limit));
            carried.add(address, limit);
        }

        assert!(!carried.may("b@one.example", Some(3), Some(1)));
        assert!(carried.may("b@two.example", Some(3), None));
        carried.add("b@two.example", None);
        assert!(!carried.may("c@two.example", Some(3), None));
        assert!(carried.may("c@two.example", None, None));
    }
}
