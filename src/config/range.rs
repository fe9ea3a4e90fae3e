//! Ranges in addresses: `gpu-[01-18].internal` is eighteen hosts.

/// The most hosts of one pattern.
const MOST: usize = 10_000;

/// All addresses of a pattern; several ranges are combined.
///
/// # Errors
/// What is wrong with a range. A pattern of too many hosts is refused before it is expanded.
pub(super) fn expand(pattern: &str) -> Result<Vec<String>, String> {
    // `[::1]` is an address, not a range.
    let Some((open, close)) = find_range(pattern) else { return Ok(vec![pattern.to_owned()]) };
    let (first, last) = pattern[open + 1..close].split_once('-').unwrap_or_default();
    let parse = |text: &str| text.parse::<u32>().map_err(|_| format!("range [{first}-{last}]: write it like [01-18]"));
    let (from, to) = (parse(first)?, parse(last)?);
    if from > to {
        return Err(format!("range [{first}-{last}] ends before it begins"));
    }
    let count = (to - from) as usize + 1;
    if count > MOST {
        return Err(format!("range [{first}-{last}] is over {MOST} hosts"));
    }
    let (tail, width) = (expand(&pattern[close + 1..])?, first.len());
    if count * tail.len() > MOST {
        return Err(format!("its ranges together are over {MOST} hosts: write fewer, or several targets"));
    }
    let mut all = Vec::with_capacity(count * tail.len());
    for number in from..=to {
        all.extend(tail.iter().map(|tail| format!("{}{number:0width$}{tail}", &pattern[..open])));
    }
    Ok(all)
}

fn find_range(pattern: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let open = from + pattern[from..].find('[')?;
        let close = open + pattern[open..].find(']')?;
        if !pattern[open..close].contains(':') {
            return Some((open, close));
        }
        from = close;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_keep_their_width_and_multiply() {
        assert_eq!(
            expand("gpu-[08-10]:9545"),
            Ok(vec!["gpu-08:9545".into(), "gpu-09:9545".into(), "gpu-10:9545".into()])
        );
        assert_eq!(expand("a[1-2]b[1-2]").map(|all| all.len()), Ok(4));
        assert_eq!(expand("http://[::1]:8000"), Ok(vec!["http://[::1]:8000".into()]));
        assert!(expand("gpu-[9-1]").is_err());
        assert!(expand("gpu-[a-b]").is_err());
    }

    /// Class: a mistyped range fills the memory before it is refused.
    #[test]
    fn ranges_of_too_many_hosts_are_refused_before_they_expand() {
        for pattern in ["gpu-[1-100000000]", "r[1-9999]-gpu-[1-9999]", "a[1-9999]b[1-9999]c[1-9999]d[1-9999]"] {
            assert!(expand(pattern).is_err_and(|why| why.contains("over 10000 hosts")), "{pattern}");
        }
        assert_eq!(expand("r[1-100]-gpu-[1-100]").map(|all| all.len()), Ok(10_000));
    }
}
