//! What `$WORKDIR`, `$HOME` and `$UID` stand for in this process.

use kubefence_policy::path::AbsolutePath;
use kubefence_policy::template::{Base, PathTemplate, Variables};

use crate::passwd;
use crate::place::Place;
use crate::walk::{WalkError, Walker, skip_absent};

/// Finds the variables that `templates` use. Nothing of the environment takes part.
///
/// # Errors
/// [`WalkError::Failed`]
pub fn find<'a>(
    walker: &Walker,
    mut templates: impl Iterator<Item = &'a PathTemplate> + Clone,
) -> Result<Variables, WalkError> {
    let uses_home = templates.clone().any(|template| template.base() == Base::Home);
    let uses_workdir = templates.any(|template| template.base() == Base::Workdir);
    let uid = rustix::process::geteuid().as_raw();
    Ok(Variables {
        workdir: if uses_workdir { workdir(walker)? } else { None },
        home: if uses_home { passwd::home_of(uid) } else { None },
        uid,
    })
}

/// The working directory where it really is. The kernel's word for it starts with `(unreachable)` when it
/// lies outside the container's root, as a leaked descriptor's directory does; then there is none.
fn workdir(walker: &Walker) -> Result<Option<AbsolutePath>, WalkError> {
    let Ok(reported) = rustix::process::getcwd(Vec::new()) else { return Ok(None) };
    let Ok(path) = AbsolutePath::parse(reported.as_bytes()) else { return Ok(None) };
    let Some(place) = skip_absent(walker.resolve(&path))? else { return Ok(None) };
    let here = Place::working_directory()?;
    Ok(place.is_same(&here)?.then_some(place.path))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn only_what_is_used_is_looked_up() {
        let walker = Walker::new(Path::new("/")).unwrap();
        let found = |texts: &[&str]| {
            let templates: Vec<_> = texts.iter().map(|text| PathTemplate::parse(text).unwrap()).collect();
            find(&walker, templates.iter()).unwrap()
        };
        let uid = rustix::process::geteuid().as_raw();
        let here = AbsolutePath::parse(std::env::current_dir().unwrap().as_os_str().as_encoded_bytes()).ok();
        let home = passwd::home_of(uid);
        assert_eq!(found(&["/a", "/run/$UID"]), Variables { workdir: None, home: None, uid });
        assert_eq!(found(&["$HOME"]), Variables { workdir: None, home: home.clone(), uid });
        assert_eq!(found(&["$WORKDIR/x"]), Variables { workdir: here.clone(), home: None, uid });
        assert_eq!(found(&["$WORKDIR", "/a", "$HOME"]), Variables { workdir: here, home, uid });
    }
}
