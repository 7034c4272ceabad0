//! The program as its users call it: arguments, files, messages and exit codes.

mod output;
mod recipients;

use std::ffi::OsStr;

use serde_json::Value;

use crate::workdir::{COURSE, Run, Workdir};

/// A course file of one course, `Org/Knots/2026`.
pub(crate) const KNOTS: &str = "\
Org/Knots/2026:
  title: Knots and Splices
  organization: { short: ExampleX, name: Example University }
  language: en
  layout: classic
  issued: 2026-05-14
";

#[test]
fn wrong_usage_exits_with_code_2() {
    let workdir = Workdir::new();
    workdir.write("names.txt", "Ada\n");
    let cases: [&[&str]; 11] = [
        &[],
        &["bake"],
        &["render", "--colour"],
        &["render", "-n", "Ada", "-n", "Bob"],
        &["render", "-n", "Ada", "-f", "names.txt"],
        &["render", "-n", "Ada", "-l", "en_XX!"],
        &["render", "-n", "Ada", "-i", "14.05.2026"],
        &["render", "-n", "Ada", "--ppi", "9"],
        &["render", "-n", "Ada", "--set", "hours"],
        &["render", "-n", "Ada", "--format", "docx"],
        &["render", "-n"],
    ];
    for arguments in cases {
        let run = workdir.run(arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {run:?}");
        assert!(
            run.stdout.is_empty() && !run.stderr.is_empty(),
            "{arguments:?}: {run:?}"
        );
    }
    assert_eq!(workdir.names("."), ["names.txt"]);
    for arguments in ["--help", "--version"] {
        let run = workdir.run([arguments]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(String::from_utf8_lossy(&run.stdout).contains("testamur"), "{run:?}");
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn output_does_not_depend_on_the_locale() {
    let workdir = Workdir::new();
    for locale in [None, Some("C"), Some("POSIX"), Some("tr_TR.ISO-8859-9")] {
        let mut command = workdir.command();
        command.env_clear().args([
            "render",
            "-c",
            COURSE,
            "-n",
            "Ya-Shen Chuang (莊雅善)",
        ]);
        command.args(["-i", "2026-05-14", "-o", "out", "--json"]);
        if let Some(locale) = locale {
            command.env("LC_ALL", locale).env("LANG", locale);
        }
        let run = Run::of(command);
        assert_eq!(run.code, 0, "{run:?}");
        let [object] = &run.objects()[..] else { panic!("{run:?}") };
        assert_eq!(object["name"], "Ya-Shen Chuang (莊雅善)");
    }
    // A folder that does not exist yet takes the name of the one file.
    assert_eq!(workdir.names("."), ["out"]);
}

#[test]
fn argument_values_may_begin_with_a_hyphen() {
    let workdir = Workdir::new();
    let run =
        workdir.render(["-n", "-Ada", "-g", "-x", "-d", "-x", "-o", "a.json", "--json"]);
    assert!(run.stderr.contains("the grade `-x` is neither an outcome"), "{run:?}");
    let run = workdir.render(["-n", "-Ada", "-d", "-x", "-o", "a.json", "--json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.objects()[0]["name"], "-Ada");
    let sheet: Value = serde_json::from_slice(&workdir.read("a.json")).unwrap();
    let runs = sheet["blocks"][1]["runs"].as_array().unwrap();
    let text: String = runs.iter().map(|run| run["text"].as_str().unwrap()).collect();
    let isolate = |c: char| matches!(c, '\u{2068}' | '\u{2069}');
    assert_eq!(text.replace(isolate, ""), "-Ada, -x");
    let run = workdir.render([
        "--name=--help",
        "--set",
        "-key=-value",
        "-o",
        "b.pdf",
        "--json",
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.objects()[0]["name"], "--help");
}

#[cfg(unix)]
#[test]
fn non_utf_8_argument_is_refused() {
    use std::os::unix::ffi::OsStrExt;

    let workdir = Workdir::new();
    for flag in ["-n", "-c", "-g", "-l"] {
        let mut command = workdir.command();
        command.arg("render").arg(flag).arg(OsStr::from_bytes(b"Jos\xe9"));
        let run = Run::of(command);
        assert_eq!(run.code, 2, "{flag}: {run:?}");
        assert!(run.stderr.contains("UTF-8"), "{flag}: {run:?}");
    }
    assert!(workdir.names(".").is_empty());
}

#[test]
fn site_argument_overrides_environment_and_current_folder() {
    let workdir = Workdir::new();
    for (site, title) in [("here", "Here"), ("env", "Env"), ("arg", "Arg")] {
        workdir.write(&format!("{site}/testamur.yaml"), "");
        let courses = KNOTS.replace("Knots and Splices", title);
        workdir.write(&format!("{site}/courses.yaml"), &courses);
    }
    let title = |folder: &str, environment: Option<&str>, argument: Option<&str>| {
        let mut command = workdir.command();
        command.current_dir(workdir.path(folder));
        command.envs(environment.map(|site| ("TESTAMUR_SITE", workdir.path(site))));
        if let Some(site) = argument {
            command.arg("--site").arg(workdir.path(site));
        }
        command.args(["render", "-n", "Ada", "-o", "-", "--format", "sheet"]);
        let run = Run::of(command);
        assert_eq!(run.code, 0, "{run:?}");
        let sheet: Value = serde_json::from_slice(&run.stdout).unwrap();
        (sheet["title"].as_str().unwrap().to_owned(), run.stderr)
    };
    assert_eq!(title("here", Some("env"), Some("arg")).0, "Certificate: Arg, Ada");
    assert_eq!(title("here", Some("env"), None).0, "Certificate: Env, Ada");
    let (here, stderr) = title("here", None, None);
    assert_eq!((here.as_str(), stderr.as_str()), ("Certificate: Here, Ada", ""));
    let (demo, stderr) = title(".", None, None);
    assert_eq!(demo, "Certificate: Introduction to Curling, Ada");
    assert!(stderr.contains("the built-in demo site"), "{stderr}");

    let run = workdir.run(["--site", "nowhere", "render"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("no folder `nowhere`"), "{run:?}");
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn minimal_site_is_an_empty_settings_file_and_a_course() {
    let workdir = Workdir::new();
    workdir.write("testamur.yaml", "");
    let run = workdir.run(["render"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("there is no `courses.yaml`"), "{run:?}");
    assert_eq!(workdir.names("."), ["testamur.yaml"]);

    workdir.write("courses.yaml", KNOTS);
    let run = workdir.run(["render", "-n", "Ada", "--json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.objects()[0]["issued"], "2026-05-14");
    assert_eq!(workdir.names("drafts"), ["Org-Knots-2026-Ada.pdf"]);
    let run = workdir.run(["check"]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn unknown_names_are_refused_with_help() {
    let workdir = Workdir::new();
    let cases: [(&[&str], &str, &str); 5] = [
        (
            &["-c", "course-v1:ExampleX+CURL11+2026_T1"],
            "there is no course `course-v1:ExampleX+CURL11+2026_T1`",
            "did you mean `course-v1:ExampleX+CURL101+2026_T1`?",
        ),
        (&["-c", "Sails"], "there is no course `Sails`", COURSE),
        (
            &["--layout", "clasic"],
            "there is no layout `clasic`",
            "did you mean `classic`?",
        ),
        (&["-l", "tlh"], "there are no sentences in `tlh`", "`ja`"),
        (&["-l", "en-GB-x-y"], "", ""),
    ];
    for (arguments, message, help) in cases {
        let mut all = vec!["render", "-n", "Ada", "-o", "a.pdf"];
        all.extend(arguments);
        let run = workdir.run(all);
        if message.is_empty() {
            assert_eq!(
                run.code, 0,
                "a narrower tag uses the sentences of the wider one: {run:?}"
            );
            continue;
        }
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stderr.contains(message), "{}", run.stderr);
        let line = run.stderr.lines().find(|line| line.starts_with("help: "));
        assert!(line.is_some_and(|line| line.contains(help)), "{}", run.stderr);
        assert!(workdir.names(".").is_empty());
    }
}

#[test]
fn course_error_begins_with_its_place() {
    let workdir = Workdir::new();
    workdir.write("testamur.yaml", "");
    workdir.write("courses.yaml", KNOTS.replace("title:", "titel:"));
    for command in ["render", "check"] {
        let run = workdir.run([command]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stderr.contains("courses.yaml:2:3: "), "{}", run.stderr);
        assert!(run.stderr.contains("help: did you mean `title`?"), "{}", run.stderr);
    }
    workdir.write("courses.yaml", KNOTS.replace("layout: classic", "layout: clasic"));
    let run = workdir.run(["render", "-n", "Ada"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.starts_with("courses.yaml:5:"), "{}", run.stderr);
    assert_eq!(workdir.names("."), ["courses.yaml", "testamur.yaml"]);
}

#[test]
fn check_tries_all_names_on_each_layout_and_some_on_each_course() {
    let workdir = Workdir::new();
    let course = |id: &str| format!("{id}:\n  title: {id}\n  organization: Org\n");
    let courses = course("A") + &course("B") + &course("C");
    workdir.write("courses.yaml", format!("defaults: {{ language: en }}\n{courses}"));
    workdir.write("testamur.yaml", "publish: { url: https://x.example.org }\n");
    let run = workdir.run(["--site", ".", "check", "-l", "en"]);
    assert_eq!(run.code, 0, "{run:?}");
    // One of long texts; 2 extreme names, on 2 papers, and 10 or 1 others.
    let pages = 1 + (2 * 2 + 10) + 2 * (2 * 2 + 1);
    let told = format!("{pages} pages passed their proof, 0 failed");
    assert!(run.stderr.contains(&told), "{}", run.stderr);
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
#[test]
fn check_passes_the_demo_site() {
    let workdir = Workdir::new();
    let run = workdir.run(["check", "-l", "ar", "-o", "sheet"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stderr.contains("15 pages passed their proof, 0 failed"),
        "{}",
        run.stderr
    );
    let page = String::from_utf8(workdir.read("sheet/index.html")).unwrap();
    let pictures: Vec<&str> =
        page.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(pictures.len(), 15);
    for picture in pictures {
        assert!(workdir.path("sheet").join(picture).is_file(), "{picture}");
    }
    let run = workdir.run(["check"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains(", 0 failed"), "{}", run.stderr);
}

#[test]
fn check_reports_broken_courses() {
    let workdir = Workdir::new();
    workdir.write("testamur.yaml", "");
    let signed = "  signatories:\n    - { name: Ada Example, signature: adda.svg }\n";
    let cases = [
        ("a layout", KNOTS.replace("classic", "clasic"), "there is no layout `clasic`"),
        ("a letter", KNOTS.replace("Splices", "𓀀"), "U+13000"),
        (
            "a signature",
            format!("{KNOTS}{signed}"),
            "there is no file `signatures/adda.svg`",
        ),
        (
            "an outcome",
            format!("{KNOTS}  outcomes:\n    Pass: \"{{{{ nam }}}}\"\n"),
            "`nam`",
        ),
    ];
    for (what, courses, complaint) in cases {
        workdir.write("courses.yaml", &courses);
        let run = workdir.run(["check"]);
        assert_eq!(run.code, 1, "{what}: {run:?}");
        assert!(run.stderr.contains(complaint), "{what}: {}", run.stderr);
    }
}

#[cfg_attr(core_fonts, ignore = "needs all families of the repository")]
/// The short form of the benchmark measures each goal, and leaves nothing behind.
#[test]
fn bench_measures_memory_and_folder() {
    let workdir = Workdir::new();
    let run = workdir.run(["bench", "--short", "--json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let rows = run.objects();
    let until: Vec<_> = rows.iter().map(|row| row["until"].as_str().unwrap()).collect();
    assert_eq!(until, ["sealed in memory", "safe in a folder"]);
    for row in &rows {
        assert_eq!((&row["layout"], &row["count"]), (&"classic".into(), &10.into()));
        for key in ["per_second", "first_ms", "bytes"] {
            assert!(row[key].as_f64().unwrap() > 0.0, "{key} of {row}");
        }
    }
    let (memory, folder) = (&rows[0], &rows[1]);
    assert_eq!((&memory["files"], &memory["syncs"]), (&Value::Null, &Value::Null));
    assert!(folder["files"].as_f64().unwrap() >= 4.0, "{folder}");
    assert!(folder["syncs"].as_f64().unwrap() > 0.0, "{folder}");
    // The certificate itself, and its pages and record.
    assert!(folder["bytes"].as_f64().unwrap() > memory["bytes"].as_f64().unwrap());
    assert_eq!(workdir.names("."), [""; 0], "the folders are removed");

    let run = workdir.run(["bench", "--short", "--names", "mixed", "--layout", "honor"]);
    assert_eq!(run.code, 0, "{run:?}");
    let table = String::from_utf8(run.stdout).unwrap();
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.contains("| sealed in memory | honor  | mixed |"), "{table}");
    let run = workdir.run(["bench", "--short", "--layout", "none"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("`none`"), "{}", run.stderr);
}
