//! One mail to one person: the states of the ledger row, when to try again,
//! the message, and the ways it leaves the house.
