//! The configuration: one section a file, everything wrong reported at once.
//!
//! [`load`] reads the TOML file, puts the environment's overrides in
//! (`document`), and reads section by section with a `reader` in which
//! each key is declared once. Nothing here opens a database or a connection.

mod delivery;
mod digest;
mod document;
mod feedback;
mod feeds;
mod form;
mod mail;
mod problem;
mod reader;
mod region;
mod related;
mod secret;
mod server;
mod site;
mod source;
mod store;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use delivery::DeliverySettings;
pub use mail::{DkimConfig, DomainRule, MailConfig, Mailbox, RelayConfig};
pub use problem::Problem;
pub use server::{Network, ServerSettings};
pub use store::StoreSettings;

use crate::region::Declared;
use crate::site::Site;
use crate::{feed, source as sources};
use problem::Fault;
use reader::{Found, Reading, Section};

/// The largest config file.
const LARGEST: u64 = 1024 * 1024;

/// Everything that is configured. Hand its parts on; it does not travel itself.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[site]`.
    pub site: Site,
    /// `[server]`.
    pub server: ServerSettings,
    /// `[store]`.
    pub store: StoreSettings,
    /// `[[source]]`.
    pub sources: Vec<sources::Settings>,
    /// `[[region]]`.
    pub regions: Vec<Declared>,
    /// `[regions] depth`.
    pub region_depth: u8,
    /// `[related]`.
    pub related: crate::related::Settings,
    /// `[feeds]`.
    pub feeds: feed::Settings,
    /// `[mail]`; `None`: nothing is mailed.
    pub mail: Option<MailConfig>,
    /// `[[digest]]`.
    pub digests: Vec<crate::digest::Settings>,
    /// `[delivery]`.
    pub delivery: DeliverySettings,
    /// `[feedback]`.
    pub feedback: crate::feedback::Settings,
    /// `[templates] path`: a folder whose templates go before the built-in ones.
    pub templates: Option<PathBuf>,
    /// `[admin] listen`.
    pub admin: Option<SocketAddr>,
    /// What works but will be regretted; `check` shows it.
    pub warnings: Vec<Problem>,
}

/// Which file is read: `--config`, else `$GAZETTED_CONFIG`, else
/// `gazetted.toml` here, else `/etc/gazetted/gazetted.toml`.
///
/// # Errors
/// If none was named and none is there.
pub fn locate(flag: Option<&Path>, variable: Option<&Path>) -> Result<PathBuf, Problem> {
    const USUAL: [&str; 2] = ["gazetted.toml", "/etc/gazetted/gazetted.toml"];
    let named = flag.or(variable.filter(|path| !path.as_os_str().is_empty()));
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    USUAL.iter().map(PathBuf::from).find(|path| path.exists()).ok_or_else(|| Problem {
        key: String::new(),
        file: USUAL[0].to_owned(),
        line: None,
        message: format!("there is no configuration, neither here nor at {}", USUAL[1]),
        remedy: "name one with --config FILE, or try `gazetted demo`, which needs none".to_owned(),
    })
}

/// Reads the configuration in `path`, with overrides from the environment and
/// secrets from `credentials` (systemd's `$CREDENTIALS_DIRECTORY`).
///
/// # Errors
/// Everything that is wrong, in the order of the file.
pub fn load(
    path: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
    credentials: Option<&Path>,
) -> Result<Config, Vec<Problem>> {
    let text = read_file(path).map_err(|(message, remedy)| {
        let file = path.display().to_string();
        vec![Problem { key: String::new(), file, line: None, message, remedy }]
    })?;
    parse(&text, path, environment, credentials)
}

/// Reads a configuration that is already in memory, as if it stood in `path`.
///
/// # Errors
/// Everything that is wrong, in the order of the file.
pub fn parse(
    text: &str,
    path: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
    credentials: Option<&Path>,
) -> Result<Config, Vec<Problem>> {
    let (config, found) = read(text, path, environment, credentials);
    match config {
        Some(config) if found.problems.is_empty() => Ok(config),
        _ => Err(found.problems),
    }
}

fn read_file(path: &Path) -> Result<String, (String, String)> {
    use std::io::Read;
    let unreadable = |error: std::io::Error| {
        let remedy = "check the path and who may read it; --config names another".to_owned();
        (format!("cannot be read: {error}"), remedy)
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > LARGEST {
        return Err(("is larger than 1 MiB".to_owned(), "is it the right file?".to_owned()));
    }
    Ok(text)
}

/// What stands in `text`, and all that was found on the way.
fn read(
    text: &str,
    path: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
    credentials: Option<&Path>,
) -> (Option<Config>, Found) {
    let variables: BTreeMap<String, String> = environment.into_iter().collect();
    let mut reading = Reading::new(path, &variables, credentials);
    let (mut table, torn) = document::parse(text);
    reading.torn = !torn.is_empty();
    let unfit = document::override_from(&mut table, &variables);
    for misplaced in torn.into_iter().chain(unfit) {
        reading.misplaced(misplaced);
    }
    let config = sections(Section::root(&reading, &table));
    let found = reading.finish();
    let config = config.map(|config| Config { warnings: found.warnings.clone(), ..config });
    (config, found)
}

fn sections(root: Section<'_>) -> Option<Config> {
    let site = site::read(root.section("site"));
    let server = server::read(root.section("server"));
    let admin = server::read_admin(root.section("admin"), &server);
    let store = store::read(root.section("store"));
    let feeds = feeds::read(root.section("feeds"));
    let related = related::read(root.section("related"), &store.url);
    let delivery = delivery::read(root.section("delivery"));
    let feedback = feedback::read(root.section("feedback"));
    let templates = templates(root.section("templates"));

    let source_sections = root.sections("source");
    let source_names = names(&source_sections);
    let sources = all(source_sections, source::read);

    let regions = all(root.sections("region"), region::read);
    let region_depth = region::read_depth(root.section("regions"));

    let digest_sections = root.sections("digest");
    names(&digest_sections);
    let mails = !digest_sections.is_empty();
    // The built-in tree has no contradictions; it is only grown if it is asked.
    let asked = |regions: &&Vec<Declared>| {
        !regions.is_empty() || digest_sections.iter().any(|section| section.says("regions"))
    };
    let tree = regions
        .as_ref()
        .filter(asked)
        .and_then(|regions| region::tree(&root, regions, region_depth));
    let around =
        digest::Around { site: site.as_ref(), sources: &source_names, tree: tree.as_ref() };
    let digests = all(digest_sections, |section| digest::read(section, around));

    let mail_section = root.section("mail");
    if mails && !mail_section.is_present() && !root.reading().torn {
        root.problem(
            "mail.from",
            Fault::new(
                "it is missing, and there is a [[digest]] to mail",
                "add [mail] with `from = \"The Review <digest@example.org>\"`",
            ),
        );
    }
    let mail = mail::read(mail_section);
    root.finish();

    Some(Config {
        site: site?,
        server,
        store,
        sources: sources?,
        regions: regions?,
        region_depth,
        related,
        feeds,
        mail,
        digests: digests?,
        delivery,
        feedback,
        templates,
        admin,
        warnings: vec![],
    })
}

/// Reads `[templates]`.
fn templates(section: Section<'_>) -> Option<PathBuf> {
    let path = section.maybe("path", form::words).map(|path| section.reading().path(&path));
    if let Some(path) = path.as_ref().filter(|path| !path.is_dir()) {
        section.problem(
            "path",
            Fault::new(
                format!("there is no folder {}", path.display()),
                "make it, or leave the key out to use the built-in templates",
            ),
        );
    }
    section.finish();
    path
}

/// All sections of a kind; `None` if one of them could not be read.
fn all<T>(sections: Vec<Section<'_>>, read: impl Fn(Section<'_>) -> Option<T>) -> Option<Vec<T>> {
    // Not `map(read).collect()`: that would stop at the first that is wrong.
    let read: Vec<Option<T>> = sections.into_iter().map(read).collect();
    read.into_iter().collect()
}

/// The names of sections; one that stands there twice is a problem.
fn names(sections: &[Section<'_>]) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    for section in sections {
        let Some(name) = section.name() else { continue };
        if names.contains(&name) {
            section.problem(
                "name",
                Fault::new(format!("there are two with the name `{name}`"), "rename one of them"),
            );
        }
        names.push(name);
    }
    names
}

/// The nearest of `names`, if one is near enough to be meant.
fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests;
