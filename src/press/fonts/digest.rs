//! A digest of the fonts that are not built in.
//!
//! The decision: a folder that sites share counts like the fonts of the site, because a page looks
//! otherwise after either has changed.

use super::Fonts;

impl Fonts {
    /// A digest of the font files of the site and of the folder that sites share, 64 hexadecimal
    /// digits. Built-in fonts need none, because they change only with the program's version.
    pub(crate) fn added_digest(&self) -> &str {
        self.added_digest.get_or_init(|| {
            let mut context = ring::digest::Context::new(&ring::digest::SHA256);
            let mut last = std::ptr::null();
            for face in self.faces.iter().filter(|face| !face.is_built_in) {
                // The faces of a collection are in one file.
                if std::mem::replace(&mut last, face.data.as_ptr()) == face.data.as_ptr()
                {
                    continue;
                }
                context.update(&(face.data.len() as u64).to_be_bytes());
                context.update(&face.data);
            }
            crate::base::hex::lower(context.finish().as_ref())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::files::Site;

    #[test]
    fn fonts_of_the_site_and_of_the_shared_folder_change_the_digest() {
        let built_in = Site::new().built_in("fonts/cinzel/Cinzel-Regular.ttf");
        let built_in = built_in.expect("the face");
        // The last byte is padding.
        let mut other = built_in.to_vec();
        *other.last_mut().expect("bytes") ^= 1;
        let folder = tempfile::tempdir().expect("a folder");
        let shared = |bytes: &[u8]| {
            std::fs::write(folder.path().join("Shared.ttf"), bytes)
                .expect("it is written");
            let site =
                Site::new().with_fonts(folder.path()).expect("the folder is there");
            Fonts::load(&site).expect("the fonts load").added_digest().to_owned()
        };
        let own = |bytes: &[u8]| {
            let site = Site::new().with_file("fonts/Own.ttf", bytes);
            Fonts::load(&site).expect("the fonts load").added_digest().to_owned()
        };
        let none = Fonts::load(&Site::new()).expect("the built-in fonts load");
        assert_ne!(shared(built_in), none.added_digest());
        assert_ne!(shared(built_in), shared(&other));
        assert_eq!(shared(built_in), shared(built_in));
        assert_ne!(own(built_in), own(&other));
        assert_eq!(own(built_in), shared(built_in));
    }
}
