//! Installations that are broken, hostile or half there: a report each, and nothing outside of NEW.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use super::installation::{Ended, Installation, pdf, tree};
use crate::workdir::Workdir;

/// Migrates `old`, and returns the report. The program ends by itself.
fn report(dir: &Workdir) -> String {
    let run = dir.run(["migrate", "old", "new"]);
    assert!([0, 1].contains(&run.code), "{}", run.stderr);
    assert!(dir.path("new/testamur.yaml").exists(), "{}", run.stderr);
    run.output()
}

#[test]
fn broken_files_are_named_and_the_rest_is_taken() {
    for (name, text, expected) in [
        ("env.json", "{", "it is no JSON"),
        ("env.json", "[1]", "it holds no object"),
        ("env.json", "", "it is no JSON"),
        ("auth.json", "\u{feff}{}", "QUEUE_PASS"),
        ("private/cert-data.yml", "a: [", "cert-data.yml"),
        ("private/cert-data.yml", "- a\n- b\n", "it holds no map of courses"),
        (
            "private/cert-data.yml",
            "a: !!python/object/apply:os.system ['touch pwned']\n",
            "was not followed",
        ),
        ("private/cert-data.yml", "", "a copy of it is legacy/cert-data.yml"),
        (
            "private/cert-data.yml",
            "defaults: { LONG_COURSE: x }\n",
            "cannot be the id of a course",
        ),
        ("private/template_data/valid.html", "{NAME} autoescape", "`autoescape`"),
        ("private/template_data/fonts/x.ttf", "no font", "it is no font"),
        (
            "private/template_data/v1-cert-templates/certificate-template-ExampleX-CS101.pdf",
            "no",
            "it is no PDF",
        ),
    ] {
        let old = Installation::whole("");
        old.dir.write(&format!("old/{name}"), text);
        let report = report(&old.dir);
        assert!(report.contains(expected), "{name}: {expected}\n{report}");
        assert!(!old.dir.path("pwned").exists());
    }
    let old = Installation::whole("");
    old.dir.write("old/private/cert-data.yml", b"a: \xff\n");
    assert!(report(&old.dir).contains("the file is no UTF-8"));
}

#[test]
fn half_an_installation_is_reported() {
    for missing in ["env.json", "auth.json", "private/cert-data.yml"] {
        let old = Installation::whole("");
        fs::remove_file(old.dir.path(&format!("old/{missing}"))).unwrap();
        let report = report(&old.dir);
        assert!(report.contains("needs a person"), "{missing}\n{report}");
    }
    let dir = Workdir::new();
    fs::create_dir_all(dir.path("old")).unwrap();
    assert!(report(&dir).contains("neither cert-data.yml nor template_data"));
}

#[test]
fn what_leads_out_of_the_old_installation_is_not_read() {
    let old = Installation::whole("");
    old.dir.write("secret.html", "{NAME} SECRET");
    old.dir.write("secret/certificate-template-ExampleX-CS101.pdf", b"%PDF-1.4 SECRET");
    let data = old.dir.path("old/private/template_data");
    fs::remove_file(data.join("valid.html")).unwrap();
    fs::remove_dir_all(data.join("v1-cert-templates")).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(old.dir.path("secret.html"), data.join("valid.html"))
            .unwrap();
        std::os::unix::fs::symlink(
            old.dir.path("secret"),
            data.join("v1-cert-templates"),
        )
        .unwrap();
    }
    let courses = "ExampleX/UP/1: { TEMPLATEFILE: ../../../secret.html }\n";
    old.dir.write("old/private/cert-data.yml", courses);
    let report = report(&old.dir);
    assert!(report.contains("it is a link out of the installation"), "{report}");
    assert!(report.contains("leads out of the folder of templates"), "{report}");
    for (name, bytes) in tree(&old.dir.path("new")) {
        assert!(!bytes.windows(6).any(|it| it == b"SECRET"), "{name}");
    }
}

#[test]
fn new_site_has_a_place_of_its_own() {
    let old = Installation::whole("");
    old.dir.write("full/file", "x");
    fs::create_dir_all(old.dir.path("empty")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(old.dir.path("empty"), old.dir.path("link")).unwrap();
    let before = old.old_files();
    for (new, why) in [
        ("full", "is not empty"),
        ("old/new", "may not be inside of the old one"),
        (".", "is not empty"),
        ("link", "may not be a link"),
        ("full/file", "there is something else of that name"),
    ] {
        let run = old.dir.run(["migrate", "old", new]);
        run.ends(1);
        assert!(run.stderr.contains(why), "{new}: {}", run.stderr);
    }
    assert_eq!(old.old_files(), before);
    old.dir.run(["migrate", "old", "empty"]).ends(1);
    assert!(old.dir.path("empty/testamur.yaml").exists());
    old.dir.run(["migrate", "nowhere", "new"]).ends(1);
}

#[test]
fn huge_and_nested_courses_end() {
    let dir = Workdir::new();
    let mut courses = String::new();
    for number in 0..5_000 {
        courses
            .push_str(&format!("O/C{number}/R: {{ LONG_COURSE: \"Title {number}\" }}\n"));
    }
    courses.push_str("bomb: &a0 { x: [1, 2, 3, 4, 5, 6, 7, 8, 9] }\n");
    for level in 1..30 {
        let last = vec![format!("*a{}", level - 1); 9].join(", ");
        courses.push_str(&format!("b{level}: &a{level} {{ x: [{last}] }}\n"));
    }
    dir.write("old/cert-data.yml", courses);
    let report = report(&dir);
    assert!(report.contains("too large for `legacy`"), "{report}");
    assert!(report.contains("5030 times"), "{report}");
}

#[test]
fn dry_run_makes_no_folder() {
    let old = Installation::whole("");
    let before = old.dir.names("");
    let run = old.dir.run(["migrate", "old", "deep/er/new", "--dry-run"]);
    run.ends(1);
    assert_eq!(old.dir.names(""), before);
    let run = old.dir.run(["migrate", "old", "nowhere/../new"]);
    run.ends(1);
    assert!(run.stderr.contains("cannot be opened, nor made"), "{}", run.stderr);
    assert_eq!(old.dir.names(""), before);
    old.dir.run(["migrate", "old", "deep/er/new"]).ends(1);
    assert!(old.dir.path("deep/er/new/testamur.yaml").exists());
}

#[test]
fn folders_that_are_read_and_new_one_keep_apart() {
    let old = Installation::whole("");
    let before = tree(&old.dir.path(""));
    for (arguments, what) in [
        (&["migrate", "old", "old/private/template_data/new"][..], "inside of OLD"),
        (&["migrate", "old/private", "old"], "around OLD"),
        (&["migrate", "old", "web/new", "--private", "web"], "inside of --private"),
        (&["migrate", "old", "web/new", "--gpg-home", "web"], "inside of --gpg-home"),
    ] {
        let run = old.dir.run(arguments);
        run.ends(1);
        assert!(
            run.stderr.contains("help: name another folder"),
            "{what}: {}",
            run.stderr
        );
        assert_eq!(tree(&old.dir.path("")), before, "{what}");
    }
}

/// Makes something at a path.
#[cfg(unix)]
type Make<'a> = &'a dyn Fn(&std::path::Path);

/// What an attacker, or a disk that was copied in part, may have in the place of any file.
#[cfg(unix)]
#[test]
fn strange_files_are_named_and_nothing_is_written_elsewhere() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    let files = [
        "env.json",
        "auth.json",
        "private/cert-data.yml",
        "private/template_data",
        "private/template_data/valid.html",
        "private/template_data/fonts",
        "private/template_data/v1-cert-templates",
        "private/template_data/v1-cert-templates/certificate-template-ExampleX-CS101.pdf",
    ];
    let made: [(&str, Make<'_>); 5] = [
        ("a pipe", &|path| {
            assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        }),
        ("a loop of links", &|path| symlink(path, path).unwrap()),
        ("a link to a device", &|path| symlink("/dev/zero", path).unwrap()),
        ("a link to a folder outside", &|path| symlink("/etc", path).unwrap()),
        ("a sparse file of 2 GB", &|path| {
            fs::File::create(path).unwrap().set_len(2 << 30).unwrap();
        }),
    ];
    for file in files {
        for (what, make) in made {
            let old = Installation::whole("");
            let path = old.dir.path(&format!("old/{file}"));
            if path.is_dir() {
                fs::remove_dir_all(&path).unwrap();
            } else if path.exists() {
                fs::remove_file(&path).unwrap();
            }
            make(&path);
            let run = old.dir.run(["migrate", "old", "new", "--no-proof"]);
            assert!([0, 1].contains(&run.code), "{file}, {what}: {}", run.stderr);
            assert!(
                old.dir.path("new/migration.txt").exists(),
                "{file}, {what}: {}",
                run.stderr
            );
            let name = file.rsplit('/').next().unwrap();
            assert!(run.output().contains(name), "{file}, {what}\n{}", run.output());
            let names = old.dir.names("");
            assert_eq!(names, ["new", "old", "web"], "{file}, {what}");
        }
    }

    let old = Installation::whole("");
    let templates = old.dir.path("old/private/template_data/v1-cert-templates");
    fs::write(templates.join(std::ffi::OsStr::from_bytes(b"\xff\xfe.pdf")), "x").unwrap();
    fs::write(templates.join("..pdf"), "x").unwrap();
    fs::write(templates.join("a\nb\u{1b}[31m.pdf"), "x").unwrap();
    // A link inside of the installation is followed.
    old.dir.write("old/private/template_data/common.pdf", pdf((842, 595)));
    symlink("../common.pdf", templates.join("certificate-template-ExampleX-010.pdf"))
        .unwrap();
    let courses = "ExampleX/A/1: { TEMPLATEFILE: '..' }\nExampleX/B/1: { TEMPLATEFILE: 'x/../../y.pdf' }\n\
                   ExampleX/010/1: { COURSE: '010' }\n'../../up': {}\n\"\\0\": {}\n? [1]\n: {}\n";
    old.dir.write("old/private/cert-data.yml", courses);
    let report = report(&old.dir);
    assert!(report.contains("its name is no UTF-8"), "{report}");
    assert!(!report.contains('\u{1b}'), "{report}");
    assert!(old.dir.path("new/images/left-over.pdf").exists());
    let site = String::from_utf8(old.dir.read("new/courses.yaml")).unwrap();
    assert!(site.contains("background: certificate-template-ExampleX-010.pdf"), "{site}");
}

#[test]
fn words_that_the_own_program_no_longer_draws_are_left_out_over_templates() {
    let old = Installation::whole("");
    old.dir.write(
        "old/checkout/gen_cert.py",
        "class CertificateGen:\n    def _generate_v1_certificate(\n            self,\n    ):\n        # \
         paragraph_string = \"CERTIFICATE\"\n        paragraph_string = \"\"\n        lead = \"This is to \
         certify that\"\n        date = \"Issued {}\"\n\n    def other(self):\n        x = \"successfully \
         completed\"\n",
    );
    let report = report(&old.dir);
    for words in ["CERTIFICATE", "successfully completed", "HONOR CODE CERTIFICATE"] {
        assert!(report.contains(&format!("«{words}»")), "{words}\n{report}");
    }
    assert!(report.contains("the installation's program no longer draws it"), "{report}");
    assert!(!report.contains("«This is to certify that»"), "{report}");
    let run = old.dir.run([
        "--site",
        "new",
        "render",
        "--no-specimen",
        "-c",
        "ExampleX/CS101/2014",
        "-n",
        "Ada",
        "-o",
        "page.pdf",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let text = crate::judges::output(
        std::process::Command::new("pdftotext").arg(old.dir.path("page.pdf")).arg("-"),
    );
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("This is to certify that") && text.contains("Issued Jan. 1st"),
        "{text}"
    );
    for words in ["CERTIFICATE", "successfully", "offered by", "Authenticity"] {
        assert!(!text.contains(words), "{words}\n{text}");
    }
}

#[test]
fn two_hundred_courses_of_a_large_fork_have_a_readable_report() {
    let dir = Workdir::new();
    let mut courses = String::new();
    for number in 0..200 {
        courses.push_str(&format!(
            "course-v1:UMontreal+C{number}+A2020:\n  COURSE: C{number}\n  ORG: UMontreal\n  LONG_ORG: Université \
             de Montréal\n  LONG_COURSE: \"Cours {number} : l'été\"\n  ISSUED_DATE: ROLLING\n"
        ));
    }
    dir.write("old/cert-data.yml", courses);
    fs::create_dir_all(dir.path("old/template_data")).unwrap();
    let report = report(&dir);
    assert!(report.contains("LONG_COURSE: `title` (200 times; first "), "{report}");
    assert!(report.lines().count() < 40, "{report}");
}

/// The user and the group of `nobody`. The superuser reads every folder.
const ANOTHER_USER: u32 = 65534;

#[test]
fn folder_that_cannot_be_read_is_reported_and_never_taken_for_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/migrate/whole");
    for name in ["private/template_data/v2", "private/template_data", "private", ""] {
        fs::create_dir_all(here.join("old").join(name)).unwrap();
    }
    for name in
        ["env.json", "private/cert-data.yml", "private/template_data/v2/valid.html"]
    {
        fs::copy(from.join(name), here.join("old").join(name)).unwrap();
    }
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let allow = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(here, 0o777);
    for (number, (name, mode)) in [
        ("private/template_data/v2", 0),
        ("private/template_data", 0o644),
        ("private", 0),
        ("", 0),
    ]
    .into_iter()
    .enumerate()
    {
        let hidden = here.join("old").join(name);
        allow(&hidden, mode);
        let mut command = Command::new(env!("CARGO_BIN_EXE_testamur"));
        command.current_dir(here).args(["migrate", "old", &format!("new{number}")]);
        if is_root {
            command.uid(ANOTHER_USER).gid(ANOTHER_USER);
        }
        let output = command.output().unwrap();
        allow(&hidden, 0o755);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert_eq!(output.status.code(), Some(1), "{name}: {text}");
        assert!(text.contains("cannot be read (Permission denied"), "{name}: {text}");
    }
}
