//! `.br` and `.gz` beside every file worth it, so that the server never compresses the same bytes twice.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Result;
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};

use crate::{optimise::each, workspace::files_below};

const WORTH_IT: [&str; 6] = ["wasm", "js", "css", "svg", "txt", "json"];

pub fn folder(folder: &Path) -> Result<()> {
    let files = files_below(folder)?;
    let wanted = files
        .into_iter()
        .filter(|file| file.extension().is_some_and(|found| WORTH_IT.iter().any(|known| found == *known)));
    each(wanted.collect(), |file| {
        let bytes = fs::read(file)?;
        let brotli = BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: bytes.len(), ..Default::default() };
        brotli::BrotliCompress(&mut bytes.as_slice(), &mut File::create(beside(file, ".br"))?, &brotli)?;
        let mut gzip = GzEncoder::new(File::create(beside(file, ".gz"))?, Compression::best());
        gzip.write_all(&bytes)?;
        gzip.finish()?;
        Ok(())
    })
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}
