//! What a program asked of the system, as strace saw it: what it wrote to
//! files and when it waited for the disk, and what it sent to whom.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The calls that change a file, wait for the disk, or send.
const CALLS: &str = "trace=openat,close,lseek,write,writev,pwrite64,pwritev,pwritev2,ftruncate,fallocate,\
                     fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,sendto,sendmsg";

/// One thing that the program did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Bytes for a file; they are in the system's memory.
    Write { file: PathBuf, at: usize, bytes: Vec<u8> },
    /// A file has this length now.
    Truncate { file: PathBuf, length: usize },
    /// A file that was not there may be there.
    Create { file: PathBuf },
    /// A file has another name.
    Rename { from: PathBuf, to: PathBuf },
    /// A file is gone.
    Remove { file: PathBuf },
    /// The program begins to wait until a file, or a folder, is on the disk.
    Wait { file: PathBuf, who: u32 },
    /// It is.
    Durable { who: u32 },
    /// Bytes for a connection.
    Sent { connection: u32, bytes: Vec<u8> },
    /// A connection ended.
    Closed { connection: u32 },
}

/// Arguments that make strace run a program and write down what it does.
pub fn arguments(log: &Path) -> Vec<String> {
    let log = log.display().to_string();
    ["-f", "-qq", "-y", "-xx", "-s", "16777216", "--seccomp-bpf", "-e", CALLS, "-o", &log]
        .map(str::to_owned)
        .to_vec()
}

/// The process that strace started.
pub fn first_process(log: &str) -> Option<u32> {
    log.split(' ').next()?.parse().ok()
}

/// Reads what strace wrote of a program that found files of these lengths.
pub fn read(log: &str, lengths: HashMap<PathBuf, usize>) -> Vec<Event> {
    let mut reader = Reader { lengths, ..Reader::default() };
    log.lines().for_each(|line| reader.line(line));
    reader.events
}

#[derive(Default)]
struct Reader {
    events: Vec<Event>,
    /// Where each open file is read and written next, and whether it is
    /// only written at its end.
    places: HashMap<u32, (usize, bool)>,
    lengths: HashMap<PathBuf, usize>,
    /// Calls that have not come back: of which thread.
    begun: HashMap<u32, String>,
}

/// A call that has come back.
struct Call<'a> {
    name: &'a str,
    arguments: &'a str,
    gave: i64,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let Some((who, rest)) = line.split_once(' ') else { return };
        let Ok(who) = who.parse::<u32>() else { return };
        let rest = rest.trim_start();
        if let Some(first) = rest.strip_suffix(" <unfinished ...>") {
            self.wait(who, first);
            self.begun.insert(who, first.to_owned());
            return;
        }
        let whole = if let Some(resumed) = rest.strip_prefix("<... ") {
            let Some(first) = self.begun.remove(&who) else { return };
            let Some((_, second)) = resumed.split_once(" resumed>") else { return };
            first + second
        } else {
            self.wait(who, rest);
            rest.to_owned()
        };
        if let Some(call) = call(&whole) {
            self.call(who, &call);
        }
    }

    /// A wait for the disk covers what was written before it began.
    fn wait(&mut self, who: u32, begun: &str) {
        if begun.starts_with("fsync(") || begun.starts_with("fdatasync(") {
            let file = path_of(begun).unwrap_or_default();
            self.events.push(Event::Wait { file, who });
        }
    }

    fn call(&mut self, who: u32, call: &Call<'_>) {
        let Ok(gave) = usize::try_from(call.gave) else { return };
        let number = number_of(call.arguments);
        match call.name {
            "openat" => self.open(call, gave),
            "close" => {
                self.places.remove(&number);
                self.events.push(Event::Closed { connection: number });
            }
            "lseek" => self.places.entry(number).or_default().0 = gave,
            "fsync" | "fdatasync" => self.events.push(Event::Durable { who }),
            "ftruncate" => {
                let Some(file) = path_of(call.arguments) else { return };
                let length = last_number(call.arguments);
                self.lengths.insert(file.clone(), length);
                self.events.push(Event::Truncate { file, length });
            }
            "fallocate" => self.allocate(call),
            "rename" | "renameat" | "renameat2" => {
                if let [from, to] = &strings(call.arguments).map(as_path).collect::<Vec<_>>()[..] {
                    let length = self.lengths.remove(from).unwrap_or(0);
                    self.lengths.insert(to.clone(), length);
                    self.events.push(Event::Rename { from: from.clone(), to: to.clone() });
                }
            }
            "unlink" | "unlinkat" => {
                if let Some(file) = strings(call.arguments).map(as_path).next() {
                    self.lengths.remove(&file);
                    self.events.push(Event::Remove { file });
                }
            }
            _ => self.wrote(call, number, gave),
        }
    }

    fn open(&mut self, call: &Call<'_>, gave: usize) {
        let Some(file) = strings(call.arguments).map(as_path).next() else { return };
        let number = u32::try_from(gave).unwrap();
        self.places.insert(number, (0, call.arguments.contains("O_APPEND")));
        if call.arguments.contains("O_TRUNC") {
            self.lengths.insert(file.clone(), 0);
            self.events.push(Event::Truncate { file: file.clone(), length: 0 });
        }
        if call.arguments.contains("O_CREAT") {
            self.events.push(Event::Create { file });
        }
    }

    fn allocate(&mut self, call: &Call<'_>) {
        let Some(file) = path_of(call.arguments) else { return };
        let numbers: Vec<usize> =
            call.arguments.split(", ").filter_map(|word| word.parse().ok()).collect();
        let end = numbers.iter().rev().take(2).sum();
        let length = self.lengths.entry(file.clone()).or_default();
        if end > *length && !call.arguments.contains("KEEP_SIZE") {
            *length = end;
            self.events.push(Event::Truncate { file, length: end });
        }
    }

    fn wrote(&mut self, call: &Call<'_>, number: u32, gave: usize) {
        let mut bytes: Vec<u8> = strings(call.arguments).flatten().collect();
        bytes.truncate(gave);
        let Some(file) = path_of(call.arguments) else {
            self.events.push(Event::Sent { connection: number, bytes });
            return;
        };
        let place = self.places.entry(number).or_default();
        let length = self.lengths.entry(file.clone()).or_default();
        let at = match call.name {
            "pwrite64" | "pwritev" | "pwritev2" => last_number(call.arguments),
            _ if place.1 => *length,
            _ => place.0,
        };
        if !call.name.starts_with('p') {
            place.0 = at + bytes.len();
        }
        *length = (*length).max(at + bytes.len());
        self.events.push(Event::Write { file, at, bytes });
    }
}

/// `name(arguments) = result`.
fn call(whole: &str) -> Option<Call<'_>> {
    let (name, rest) = whole.split_once('(')?;
    let (arguments, gave) = rest.rsplit_once(" = ")?;
    let gave: String =
        gave.chars().take_while(|letter| *letter == '-' || letter.is_ascii_digit()).collect();
    let arguments = arguments.trim_end().strip_suffix(')')?;
    Some(Call { name, arguments, gave: gave.parse().ok()? })
}

/// The number of the file that is the first argument.
fn number_of(arguments: &str) -> u32 {
    let digits: String = arguments.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(u32::MAX)
}

fn last_number(arguments: &str) -> usize {
    arguments.rsplit(", ").next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// The path of the file that is the first argument; none for what is no file.
fn path_of(text: &str) -> Option<PathBuf> {
    let (_, rest) = text.split_once('<')?;
    let path = decoded(rest.split_once('>')?.0);
    path.starts_with(b"/").then(|| as_path(path))
}

/// All strings among the arguments, decoded.
fn strings(arguments: &str) -> impl Iterator<Item = Vec<u8>> {
    arguments.split('"').skip(1).step_by(2).map(decoded)
}

fn as_path(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(String::from_utf8(bytes).unwrap())
}

/// `\x68\x69` is `hi`.
fn decoded(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).map(|hex| u8::from_str_radix(hex, 16).unwrap()).collect()
}

#[test]
fn what_strace_writes_is_read() {
    let log = r#"7 openat(AT_FDCWD<\x2f>, "\x2f\x61", O_RDWR|O_CREAT, 0644) = 3<\x2f\x61>
7 lseek(3<\x2f\x61>, 8, SEEK_SET) = 8
7 write(3<\x2f\x61>, "\x68\x69", 2) = 2
7 fdatasync(3<\x2f\x61> <unfinished ...>
8 pwrite64(3<\x2f\x61>, "\x68\x6f", 2, 4) = 2
7 <... fdatasync resumed>) = 0
8 writev(9<\x73\x6f\x63\x6b>, [{iov_base="\x41\x42", iov_len=2}, {iov_base="\x43", iov_len=1}], 2) = 2
8 ftruncate(3<\x2f\x61>, 5) = 0
8 unlink("\x2f\x62") = -1 ENOENT (No such file or directory)
"#;
    let file = PathBuf::from("/a");

    let events = read(log, HashMap::new());

    let expected = [
        Event::Create { file: file.clone() },
        Event::Write { file: file.clone(), at: 8, bytes: b"hi".to_vec() },
        Event::Wait { file: file.clone(), who: 7 },
        Event::Write { file: file.clone(), at: 4, bytes: b"ho".to_vec() },
        Event::Durable { who: 7 },
        Event::Sent { connection: 9, bytes: b"AB".to_vec() },
        Event::Truncate { file, length: 5 },
    ];
    assert_eq!(events, expected);
    assert_eq!(first_process(log), Some(7));
}
