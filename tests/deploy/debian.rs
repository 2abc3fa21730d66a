//! What the Debian package is made of. The package itself is built and installed by `tests/long/packages`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{HERE, has, run};

/// What `deploy/debian/prepare` makes, in a folder of its own.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("deb");
    let mut command = Command::new(Path::new(HERE).join("deploy/debian/prepare"));
    let (code, told) = run(command.args([env!("CARGO_BIN_EXE_feedmill"), to.to_str().unwrap()]));
    assert_eq!(code, 0, "{told}");
    folder
}

#[test]
fn every_asset_of_the_package_is_there() {
    let folder = prepared();
    let manifest: toml::Table =
        toml::from_str(&fs::read_to_string(Path::new(HERE).join("Cargo.toml")).unwrap()).unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    let assets = deb["assets"].as_array().unwrap().iter().map(|asset| asset[0].as_str().unwrap());
    for asset in assets.chain([deb["changelog"].as_str().unwrap()]) {
        // The release is built when the package is.
        let place = match (asset.strip_prefix("target/release/"), asset.strip_prefix("target/deb/")) {
            (Some(_), _) => continue,
            (_, Some(made)) => folder.path().join("deb").join(made),
            _ => Path::new(HERE).join(asset.split('*').next().unwrap()),
        };
        let filled = fs::metadata(&place).is_ok_and(|found| found.is_dir() || found.len() > 0);
        assert!(filled, "{asset}: nothing at {}", place.display());
    }
}

#[test]
fn the_unit_of_the_package_starts_the_program_of_the_package() {
    let folder = prepared();
    for unit in fs::read_dir(Path::new(HERE).join("systemd")).unwrap() {
        let name = unit.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".service") && !name.ends_with(".socket") {
            continue;
        }
        let text = fs::read_to_string(folder.path().join("deb").join(&name)).unwrap();
        assert!(!text.contains("/usr/local"), "{name}: {text}");
        assert!(!name.ends_with("feedmill.service") || text.contains("\nExecStart=/usr/bin/feedmill "), "{text}");
    }
}

#[test]
fn its_scripts_and_completions_can_be_read_by_their_shells() {
    let folder = prepared();
    let debian = Path::new(HERE).join("deploy/debian");
    let made = folder.path().join("deb");
    for (shell, script) in [
        ("sh", debian.join("postinst")),
        ("sh", debian.join("postrm")),
        ("bash", debian.join("build")),
        ("bash", made.join("completions.bash")),
        ("zsh", made.join("completions.zsh")),
        ("fish", made.join("completions.fish")),
    ] {
        if has(shell) {
            let (code, told) = run(Command::new(shell).arg("-n").arg(&script));
            assert_eq!(code, 0, "{}: {told}", script.display());
        }
    }
    assert!(fs::read_to_string(made.join("feedmill.1")).unwrap().starts_with(".ie"), "a manual page");
}
