//! A relay far away: a proxy that holds back every byte for so long each way,
//! and lets as many be under way as come. Threads, for they sleep to the
//! microsecond: a timer of the runtime would add up to two milliseconds of its own.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Starts one before the relay at `port`; gives its own port. It ends with the process.
pub fn start(port: u16, each_way: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let own = listener.local_addr().expect("a listener has an address").port();
    thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else { continue };
            for stream in [&near, &far] {
                let _ = stream.set_nodelay(true);
            }
            if let (Ok(near_too), Ok(far_too)) = (near.try_clone(), far.try_clone()) {
                pump(near, far, each_way);
                pump(far_too, near_too, each_way);
            }
        }
    });
    own
}

fn pump(mut from: TcpStream, mut to: TcpStream, wait: Duration) {
    let (sender, under_way) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count) = from.read(&mut buffer) {
            let piece = (Instant::now() + wait, buffer[..count].to_vec());
            if count == 0 || sender.send(piece).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (due, bytes) in under_way {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
