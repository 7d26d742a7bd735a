//! SPDX licence expressions, as crates and packages write them: `AND` binds tighter than `OR`, `WITH` belongs to the
//! name before it, and an old `/` means `OR`.

/// Whether the expression can be met with licences that `allowed` accepts. A malformed one cannot.
pub(crate) fn satisfied(expression: &str, allowed: impl Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words = spaced.split_whitespace().collect::<Vec<_>>();
    let mut reader = Reader { words: &words, allowed: &allowed };
    reader.any() == Some(true) && reader.words.is_empty()
}

struct Reader<'a> {
    words: &'a [&'a str],
    allowed: &'a dyn Fn(&str) -> bool,
}

impl Reader<'_> {
    fn any(&mut self) -> Option<bool> {
        let mut met = self.all()?;
        while self.take("OR") {
            met |= self.all()?;
        }
        Some(met)
    }

    fn all(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.take("AND") {
            met &= self.one()?;
        }
        Some(met)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let met = self.any()?;
            return self.take(")").then_some(met);
        }
        let (name, rest) = self.words.split_first()?;
        self.words = rest;
        if self.take("WITH") {
            let (exception, rest) = self.words.split_first()?;
            self.words = rest;
            return Some((self.allowed)(&format!("{name} WITH {exception}")));
        }
        Some((self.allowed)(name))
    }

    fn take(&mut self, word: &str) -> bool {
        match self.words.split_first() {
            Some((first, rest)) if *first == word => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::satisfied;

    fn fits(expression: &str) -> bool {
        satisfied(expression, |id| {
            ["MIT", "ISC", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].contains(&id)
        })
    }

    #[test]
    fn one_of_several_is_enough() {
        assert!(fits("MIT"));
        assert!(fits("GPL-3.0-only OR MIT"));
        assert!(fits("MIT/GPL-3.0-only"));
        assert!(!fits("GPL-3.0-only"));
    }

    #[test]
    fn all_of_several_are_needed() {
        assert!(fits("MIT AND ISC"));
        assert!(!fits("MIT AND GPL-3.0-only"));
        assert!(fits("GPL-3.0-only AND MIT OR ISC"));
        assert!(!fits("(MIT OR ISC) AND GPL-3.0-only"));
        assert!(fits("(GPL-3.0-only OR ISC) AND MIT"));
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        assert!(fits("Apache-2.0 WITH LLVM-exception"));
        assert!(!fits("MIT WITH LLVM-exception"));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for broken in ["", "MIT OR", "(MIT", "MIT)", "MIT ISC", "AND MIT"] {
            assert!(!fits(broken), "{broken:?} must be refused");
        }
    }
}
