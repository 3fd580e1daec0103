//! Who chose the place that a grant leads to, and how far that choice is trusted.

use std::cell::OnceCell;

use kubefence_policy::forbidden;
use kubefence_policy::manifest::Access;
use kubefence_policy::path::AbsolutePath;

use crate::place::Place;
use crate::walk::{WalkError, Walker, skip_absent};

/// Where a grant comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A path that the profile spells out.
    Profile,
    /// `$WORKDIR` or `$HOME`: the pod spec or the image names the place.
    Variable,
    /// A volume's mount point, from the command line.
    Volume,
}

/// Judges places for one process.
#[derive(Debug)]
pub struct Judge<'a> {
    walker: &'a Walker,
    uid: u32,
    /// Where the forbidden places really are that a symbolic link of the image put elsewhere; looked up
    /// when the first variable needs it.
    forbidden: OnceCell<Vec<AbsolutePath>>,
}

impl<'a> Judge<'a> {
    /// A judge for the process's uid.
    #[must_use]
    pub fn new(walker: &'a Walker, uid: u32) -> Self {
        Self { walker, uid, forbidden: OnceCell::new() }
    }

    /// What of `access` may be granted on `place`.
    ///
    /// A path that the profile spells out is trusted as long as no symbolic link of the image bends it.
    /// A bent one never becomes `/`, never leads onto another mount, and never brings write access to
    /// ground that is forbidden to variables.
    ///
    /// # Errors
    /// [`WalkError`] when it cannot be found out.
    pub fn allowed(
        &self,
        place: &Place,
        origin: Origin,
        access: Access,
    ) -> Result<Option<Access>, WalkError> {
        match (origin, place.symlink_mount) {
            (Origin::Variable, _) => Ok((!self.is_forbidden(&place.path)?).then_some(access)),
            (_, None) => Ok(Some(access)),
            (_, Some(_)) if place.path.is_root() => Ok(None),
            (Origin::Volume, Some(mount)) => {
                // A link inside a volume may have been put there since the runtime mounted, by another container.
                let is_of_image = self.walker.root()?.mount()? == mount;
                let is_volume =
                    is_of_image && place.is_mount_root()? && !forbidden::is_kernel_or_ours(&place.path);
                Ok(is_volume.then_some(access))
            }
            (Origin::Profile, Some(mount)) => {
                if place.mount()? != mount {
                    return Ok(None);
                }
                if access == Access::Read || !self.is_forbidden(&place.path)? {
                    return Ok(Some(access));
                }
                Ok((access == Access::ReadWrite).then_some(Access::Read))
            }
        }
    }

    fn is_forbidden(&self, target: &AbsolutePath) -> Result<bool, WalkError> {
        // Most answers need no lookup.
        if forbidden::is_forbidden(target, self.uid, &[]) {
            return Ok(true);
        }
        if self.forbidden.get().is_none() {
            let mut real = Vec::new();
            for path in forbidden::named_places().into_iter().filter(|path| self.walker.is_elsewhere(path)) {
                real.extend(skip_absent(self.walker.resolve(&path))?.map(|place| place.path));
            }
            let _ = self.forbidden.set(real);
        }
        let real = self.forbidden.get().map_or(&[][..], Vec::as_slice);
        Ok(forbidden::is_forbidden(target, self.uid, real))
    }
}

#[cfg(test)]
#[path = "judgement_tests.rs"]
mod tests;
