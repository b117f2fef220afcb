//! Sources that live behind the network, played by models of themselves.

mod across;
mod blog;
mod desk;
mod forms;
mod paper;
mod push;
mod site;
mod wordpress;
