//! A picture of a frame in files: SVG for a browser or a page, and text beside it.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::style::Color;

use super::{copy, svg};
use crate::units::Timestamp;

/// The most pictures of one second.
const MOST: u32 = 99;

/// A frame and the colours of what sets none.
pub(super) struct Picture {
    pub(super) frame: Buffer,
    /// Of the ground, and of text.
    pub(super) paper: (Color, Color),
}

impl Picture {
    /// Writes `margintop-DATE-TIME.svg` and `.txt` into a folder; nothing that is there is overwritten. The name without
    /// its ending.
    ///
    /// # Errors
    /// If a file cannot be made or written, in a few words.
    pub(super) fn write(&self, folder: &Path, at: Timestamp, zone: &TimeZone) -> Result<String, String> {
        let stem = stem(at, zone);
        for number in 1..=MOST {
            let name = if number == 1 { stem.clone() } else { format!("{stem}-{number}") };
            let (drawn, written) = (format!("{name}.svg"), format!("{name}.txt"));
            if folder.join(&written).exists() {
                continue;
            }
            let svg = svg::svg(&self.frame, self.paper.0, self.paper.1);
            match create(&folder.join(&drawn), svg.as_bytes()) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(why(&drawn, &error)),
                Ok(()) => {}
            }
            let text = copy::text(&self.frame, self.frame.area) + "\n";
            create(&folder.join(&written), text.as_bytes()).map_err(|error| why(&written, &error))?;
            return Ok(name);
        }
        Err(format!("no picture: {stem}-{MOST}.svg is there already"))
    }
}

/// Writes `margintop-DATE-TIME.csv` into a folder; nothing that is there is overwritten. The name.
///
/// # Errors
/// If the file cannot be made or written, in a few words.
pub(super) fn write_table(folder: &Path, table: &str, at: Timestamp, zone: &TimeZone) -> Result<String, String> {
    let stem = stem(at, zone);
    for number in 1..=MOST {
        let name = if number == 1 { format!("{stem}.csv") } else { format!("{stem}-{number}.csv") };
        match create(&folder.join(&name), table.as_bytes()) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("no file {name}: {}", reason(&error))),
            Ok(()) => return Ok(name),
        }
    }
    Err(format!("no file: {stem}-{MOST}.csv is there already"))
}

fn stem(at: Timestamp, zone: &TimeZone) -> String {
    let local = at.instant().to_zoned_datetime(zone.clone());
    let (year, month, day) = (local.year(), local.month(), local.day());
    format!("margintop-{year:04}{month:02}{day:02}-{:02}{:02}{:02}", local.hour(), local.minute(), local.second())
}

fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)
}

fn why(name: &str, error: &io::Error) -> String {
    format!("no picture {name}: {}", reason(error))
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "permission denied: this folder cannot be written".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "this folder is read-only".to_owned(),
        ErrorKind::StorageFull => "the disk is full".to_owned(),
        ErrorKind::NotFound => "this folder is gone".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn picture() -> Picture {
        let mut frame = Buffer::empty(Rect::new(0, 0, 10, 2));
        frame.set_string(0, 1, "profit", Style::new());
        Picture { frame, paper: (Color::Black, Color::White) }
    }

    #[test]
    fn it_is_named_by_its_time_and_overwrites_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = Timestamp::from_millis(1_795_446_247_000);
        let write = || picture().write(folder.path(), at, &TimeZone::UTC);
        assert_eq!(write().as_deref(), Ok("margintop-20261123-150407"));
        assert_eq!(write().as_deref(), Ok("margintop-20261123-150407-2"));
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("margintop-20261123-150407.txt"), "\nprofit\n");
        assert!(read("margintop-20261123-150407-2.svg").contains(">profit<"));
    }

    #[test]
    fn a_folder_that_takes_nothing_is_said() {
        let gone = Path::new("/nonexistent/folder");
        let said = picture().write(gone, Timestamp::default(), &TimeZone::UTC);
        assert_eq!(said.unwrap_err(), "no picture margintop-19700101-000000.svg: this folder is gone");
        let said = picture().write(Path::new("/proc"), Timestamp::default(), &TimeZone::UTC);
        assert!(said.is_err());
    }
}
