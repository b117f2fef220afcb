//! The loops, the heartbeat, stopping, and systemd.
