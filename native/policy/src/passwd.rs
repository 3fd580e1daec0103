//! The passwd format, as far as a uid's home goes. Whoever reads the file says where it came from.

use crate::path::AbsolutePath;

/// Longest passwd that is read. A longer one means that nobody has a home.
pub const MAX_PASSWD_BYTES: usize = 1 << 20;

/// The home that a passwd gives `uid`; `None` when there is no entry or no usable path in it. The first entry of
/// the uid counts, as it does for the runtime.
#[must_use]
pub fn find_home(passwd: &[u8], uid: u32) -> Option<AbsolutePath> {
    let mut homes = passwd.split(|byte| *byte == b'\n').filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let entry_uid = parse_uid(fields.nth(2)?)?;
        let home = fields.nth(2)?;
        (entry_uid == uid).then_some(home)
    });
    AbsolutePath::normalize(homes.next()?)
}

/// Decimal digits only: no sign, no space.
fn parse_uid(field: &[u8]) -> Option<u32> {
    let is_decimal = field.iter().all(u8::is_ascii_digit);
    is_decimal.then(|| std::str::from_utf8(field).ok()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(passwd: &str, uid: u32) -> Option<String> {
        find_home(passwd.as_bytes(), uid).map(|path| path.to_string())
    }

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
                          broken\n\
                          short:x:7:7\n\
                          app:x:1000:1000::/home/app/:/bin/sh\n\
                          again:x:1000:1000::/home/again:/bin/sh\n\
                          up:x:1001:1001::/home/../etc:/bin/sh\n\
                          none:x:1002:1002:::/bin/sh\n\
                          last:x:1003:1003::/home/last";

    #[test]
    fn the_first_entry_of_the_uid_counts() {
        assert_eq!(home(PASSWD, 0).as_deref(), Some("/root"));
        assert_eq!(home(PASSWD, 1000).as_deref(), Some("/home/app"));
        assert_eq!(home(PASSWD, 1003).as_deref(), Some("/home/last"));
    }

    #[test]
    fn no_entry_or_no_usable_path_is_no_home() {
        for uid in [7, 1001, 1002, 65532, u32::MAX] {
            assert_eq!(home(PASSWD, uid), None, "{uid}");
        }
        for passwd in ["", ":::::", "x:x:-1:0::/:/", "x:x:+5:0::/a:/", "x:x: 5:0::/a:/", "x:x:5:0::a:/"] {
            assert_eq!(home(passwd, 5), None, "{passwd}");
        }
    }

    #[test]
    fn any_bytes_are_taken() {
        assert_eq!(find_home(b"\xff\x00:x:5:0:\n:/\xff:/", 5), None);
        let home = find_home(b"\xff:x:5:0:\xfe:/h\xff:/", 5).unwrap();
        assert_eq!(home.as_bytes(), b"/h\xff");
    }
}
