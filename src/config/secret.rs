//! Secrets by reference: what a configuration says instead of a password.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::document::{Place, Table, Value};
use super::nearest;
use super::problem::Fault;
use super::reader::Reading;
use crate::secret::Secret;

/// The largest secret: a key of any usual kind fits.
const LARGEST: u64 = 64 * 1024;

/// Reads a secret from where the value points.
pub fn reference(reading: &Reading<'_>) -> impl Fn(&Value) -> Result<Secret, Fault> {
    |value| match value {
        Value::Table(table) => follow(reading, table),
        _ => Err(Fault::new(
            "a secret itself stands here",
            "point to it: `{ credential = \"NAME\" }`, `{ file = \"PATH\" }` or `{ env = \"NAME\" }`",
        )),
    }
}

fn follow(reading: &Reading<'_>, table: &Table) -> Result<Secret, Fault> {
    const WAYS: [&str; 3] = ["credential", "file", "env"];
    const REMEDY: &str = "write one of `credential`, `file` and `env`";
    // What the environment says takes the place of what the file says.
    let overridden = table.values().any(|entry| matches!(entry.place, Place::Variable(_)));
    let mut said =
        table.iter().filter(|(_, entry)| !overridden || matches!(entry.place, Place::Variable(_)));
    let (Some((way, entry)), None) = (said.next(), said.next()) else {
        return Err(Fault::new("this is not one reference to a secret", REMEDY));
    };
    let (Value::Text(name) | Value::Loose(name)) = &entry.value else {
        return Err(Fault::new(format!("`{way}` is not a text"), "put its name in quotes"));
    };
    let secret = match way.as_str() {
        "credential" => read_file(&credential(reading, name)?)?,
        "file" => read_file(&reading.path(name))?,
        "env" => reading.variables.get(name).cloned().ok_or_else(|| {
            Fault::new(
                format!("the environment variable `{name}` is not set"),
                "set it for this process",
            )
        })?,
        other => {
            let remedy = nearest(other, WAYS)
                .map_or_else(|| REMEDY.to_owned(), |way| format!("did you mean `{way}`?"));
            return Err(Fault::new(format!("a secret cannot come from `{other}`"), remedy));
        }
    };
    let secret = secret.strip_suffix('\n').unwrap_or(&secret);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.trim().is_empty() {
        return Err(Fault::new(format!("the secret in {way} `{name}` is empty"), "put it there"));
    }
    Ok(Secret::new(secret))
}

fn credential(reading: &Reading<'_>, name: &str) -> Result<PathBuf, Fault> {
    let plain = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0']);
    if !plain {
        return Err(Fault::new(
            format!("`{name}` is no name of a credential"),
            "give the name that stands in LoadCredential=, without a path",
        ));
    }
    reading.credentials.map(|folder| folder.join(name)).ok_or_else(|| {
        Fault::new(
            format!("there is no credential `{name}`: $CREDENTIALS_DIRECTORY is not set"),
            format!(
                "start it by systemd with LoadCredential={name}:/etc/gazetted/{name}, or use \
                 `{{ file = \"…\" }}`"
            ),
        )
    })
}

fn read_file(path: &Path) -> Result<String, Fault> {
    let fault = |what: &str| {
        Fault::new(
            format!("the secret in {} cannot be read: {what}", path.display()),
            "check the path and who may read it",
        )
    };
    let file = fs::File::open(path).map_err(|error| fault(&error.to_string()))?;
    let mut text = String::new();
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| fault(&error.to_string()))?;
    if text.len() as u64 > LARGEST { Err(fault("it is larger than 64 KiB")) } else { Ok(text) }
}
