//! Patterns of model names. Pattern and name are in canonical form ([`canonical_model`](crate::reading::canonical_model)).

/// Whether a name is a glob.
pub(super) fn is_glob(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// Whether a pattern with `*` and `?` matches a whole name; both are in canonical form.
pub(super) fn glob(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        assert!(glob("*r1*", "deepseek-r1-0528"));
        assert!(glob("qwen?-32b", "qwen3-32b"));
        assert!(!glob("r1", "deepseek-r1"));
        assert!(glob("*", ""));
        assert!(!glob(&"*a".repeat(40), &"a".repeat(39)), "forty of them are not in thirty-nine");
    }
}
