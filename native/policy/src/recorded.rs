//! What the OCI runtime wrapper recorded about a container when it was created and started, as it tells the
//! launcher: which bytes the profile is, and where the profile's variables really were.

use crate::path::AbsolutePath;

/// The SHA-256 of a manifest's bytes, as 64 lowercase hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest(String);

impl Digest {
    /// Takes a valid digest, else `None`.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let is_valid =
            bytes.len() == 64 && bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_valid.then(|| Self(bytes.iter().copied().map(char::from).collect()))
    }

    /// The digest as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a variable of a profile may still lead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RecordedPlace {
    /// Nothing is recorded: the container's first process. Wherever it leads now.
    #[default]
    AsFound,
    /// Nowhere but here and below.
    At(AbsolutePath),
    /// Nowhere: it led to no place that could be recorded.
    Nowhere,
}

impl RecordedPlace {
    /// True when a grant that starts at the variable and really leads to `place` holds.
    #[must_use]
    pub fn admits(&self, place: &AbsolutePath) -> bool {
        match self {
            Self::AsFound => true,
            Self::At(recorded) => place.is_within(recorded),
            Self::Nowhere => false,
        }
    }

    /// The place, where one is recorded.
    #[must_use]
    pub fn path(&self) -> Option<&AbsolutePath> {
        match self {
            Self::At(path) => Some(path),
            Self::AsFound | Self::Nowhere => None,
        }
    }
}

/// Where `$WORKDIR` and `$HOME` may still lead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedPlaces {
    /// `$WORKDIR`.
    pub workdir: RecordedPlace,
    /// `$HOME`.
    pub home: RecordedPlace,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_64_lowercase_hexadecimal_digits() {
        let good = "0123456789abcdef".repeat(4);
        assert_eq!(Digest::parse(good.as_bytes()).unwrap().as_str(), good);
        for bad in
            ["", &good[1..], &good.to_uppercase(), &format!("{good}0"), &good.replace('0', "g"), "../a"]
        {
            assert_eq!(Digest::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_recorded_place_admits_what_is_there() {
        let path = |text: &str| AbsolutePath::parse(text.as_bytes()).unwrap();
        assert!(RecordedPlace::AsFound.admits(&path("/a")));
        assert!(RecordedPlace::At(path("/a")).admits(&path("/a")));
        assert!(RecordedPlace::At(path("/a")).admits(&path("/a/b")));
        assert!(!RecordedPlace::At(path("/a")).admits(&path("/ab")));
        assert!(!RecordedPlace::At(path("/a/b")).admits(&path("/a")));
        assert!(!RecordedPlace::Nowhere.admits(&path("/a")));
        let places = [RecordedPlace::AsFound, RecordedPlace::At(path("/a")), RecordedPlace::Nowhere];
        assert_eq!(places.each_ref().map(RecordedPlace::path), [None, Some(&path("/a")), None]);
    }
}
