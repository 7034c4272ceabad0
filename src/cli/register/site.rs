//! The register of the site that the arguments name.

use std::path::Path;

use crate::cli::args::SiteArguments;
use crate::cli::context;
use crate::cli::exit::Failure;
use crate::register::Register;

pub(super) fn register_of_site(
    site: &SiteArguments,
    output: Option<&Path>,
) -> Result<Register, Failure> {
    let files = context::open_site(site)?;
    let settings = context::read_settings(&files)?;
    context::open_register(site, &files, &settings, output)
}
