package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Type tells an operator, a console or a page what an attribute's value looks
// like.
type Type struct {
	Name   string   // "integer", "IPv4 prefix", "list of names"
	Range  string   // what is accepted: "68-65535", "at most 35 characters"
	Words  []string // the whole choice, where it is a closed one
	Number bool     // written as an integer in TOML, but for Words; as a string otherwise
	Many   bool     // any number of words: an array in TOML, or one string
	Spaced bool     // of Many: one string may hold several words, as in FortiOS
}

// codec spells the Go value of an attribute as words, and back.
type codec[V any] struct {
	Type
	unset V                      // the value of no words at all
	add   func(*V, string) error // takes one word; the error says what was expected
	words func(V) []string       // in normal form, so that add(words(v)) is v
}

// scalar is the codec of a value of one word. format gives "" for unset.
func scalar[V any](t Type, parse func(string) (V, error), format func(V) string) codec[V] {
	return codec[V]{
		Type: t,
		add: func(v *V, word string) (err error) {
			x, err := parse(word)
			if err == nil {
				*v = x
			}
			return err
		},
		words: func(v V) []string {
			if s := format(v); s != "" {
				return []string{s}
			}
			return nil
		},
	}
}

// list is the codec of any number of values. The same value twice is refused:
// it is always a slip, and often one where another value was meant.
func list[V comparable](one codec[V]) codec[[]V] {
	t := one.Type
	t.Name, t.Many = "list of "+t.Name+"s", true
	return codec[[]V]{
		Type: t,
		add: func(all *[]V, word string) error {
			var v V
			if err := one.add(&v, word); err != nil {
				return err
			}
			if slices.Contains(*all, v) {
				return errors.New("listed twice")
			}
			*all = append(*all, v)
			return nil
		},
		words: func(all []V) (words []string) {
			for _, v := range all {
				words = append(words, one.words(v)...)
			}
			return words
		},
	}
}

// listOfOne is the codec of one name kept as a list, for a field that may
// become a list some day.
func listOfOne(one codec[string]) codec[[]string] {
	return codec[[]string]{
		Type: one.Type,
		add: func(all *[]string, word string) error {
			*all = make([]string, 1)
			return one.add(&(*all)[0], word)
		},
		words: func(all []string) []string { return all },
	}
}

// text is free text of limited length.
func text(longest int) codec[string] {
	t := Type{Name: "string", Range: fmt.Sprintf("at most %d characters", longest)}
	return scalar(t, func(s string) (string, error) {
		if utf8.RuneCountInString(s) > longest || !printable(s) {
			return "", fmt.Errorf("expected %s on one line", t.Range)
		}
		return s, nil
	}, func(s string) string { return s })
}

// name is the key of an entry, or a reference to one.
func name(longest int) codec[string] {
	t := Type{Name: "name", Range: fmt.Sprintf("1-%d characters", longest)}
	return scalar(t, func(s string) (string, error) {
		if s == "" || utf8.RuneCountInString(s) > longest || !printable(s) || strings.TrimSpace(s) != s {
			return "", fmt.Errorf("expected %s, without spaces around", t.Range)
		}
		return s, nil
	}, func(s string) string { return s })
}

// domainName is a domain name (RFC 1035 section 2.3.1, with the underscore that
// names of services have), kept in lower case, or a wildcard: "*." and a domain.
func domainName() codec[string] {
	t := Type{Name: "domain name", Range: "a domain name of at most 253 characters, or *. and one for every name below it"}
	return scalar(t, func(s string) (string, error) {
		s = strings.ToLower(strings.TrimSuffix(s, "."))
		rest := strings.TrimPrefix(s, "*.")
		if len(s) > 253 || rest == "" {
			return "", fmt.Errorf("expected %s", t.Range)
		}
		for _, label := range strings.Split(rest, ".") {
			if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
				return "", fmt.Errorf("%q: expected labels of letters, digits, - and _, of at most 63 characters", label)
			}
		}
		return s, nil
	}, func(s string) string { return s })
}

// linuxName is a name that Linux can give a network device.
func linuxName(reserved ...string) codec[string] {
	t := Type{Name: "name", Range: "1-15 characters without spaces, / or :"}
	return scalar(t, func(s string) (string, error) {
		if slices.Contains(reserved, s) {
			return "", errors.New("the word has a meaning of its own: expected another name")
		}
		if s == "" || len(s) > 15 || s == "." || s == ".." || strings.ContainsAny(s, " /:") || !printable(s) {
			return "", fmt.Errorf("expected %s", t.Range)
		}
		return s, nil
	}, func(s string) string { return s })
}

// optional lets "" stand for unset in a codec of strings.
func optional(c codec[string]) codec[string] {
	add := c.add
	c.add = func(v *string, word string) error {
		if word == "" {
			*v = ""
			return nil
		}
		return add(v, word)
	}
	return c
}

// printable keeps control characters out: no name, comment or error message
// may move a terminal's cursor or break a log line.
func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}

// oneOf is a choice between words. An alias is another version's spelling of a
// word.
func oneOf(words []string, aliases map[string]string) codec[string] {
	t := Type{Name: "option", Range: either(words), Words: words}
	return scalar(t, func(s string) (string, error) {
		if a, ok := aliases[s]; ok {
			s = a
		}
		if !slices.Contains(words, s) {
			return "", fmt.Errorf("expected %s%s", t.Range, didYouMean(s, words))
		}
		return s, nil
	}, func(s string) string { return s })
}

// choice is a choice between two words, the first of which is true.
func choice(yes, no string) codec[bool] {
	words := oneOf([]string{yes, no}, nil)
	return codec[bool]{
		Type: words.Type,
		add: func(v *bool, word string) error {
			err := words.add(new(string), word)
			*v = err == nil && word == yes
			return err
		},
		words: func(v bool) []string {
			if v {
				return []string{yes}
			}
			return []string{no}
		},
	}
}

// enable is FortiOS's switch.
var enable = choice("enable", "disable")

// integer is a number in a range.
func integer[N ~int | ~uint8 | ~uint16 | ~uint32](low, high uint64) codec[N] {
	t := Type{Name: "integer", Range: fmt.Sprintf("%d-%d", low, high), Number: true}
	return scalar(t, func(s string) (N, error) {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil || n < low || n > high {
			return 0, fmt.Errorf("expected %s", t.Range)
		}
		return N(n), nil
	}, func(n N) string { return fmt.Sprint(n) })
}

// zeroOr is a number in a range, or 0.
func zeroOr(low, high uint64) codec[uint32] {
	t := Type{Name: "integer", Range: fmt.Sprintf("0 or %d-%d", low, high), Number: true}
	one := integer[uint32](low, high)
	return scalar(t, func(s string) (n uint32, err error) {
		if s != "0" && one.add(&n, s) != nil {
			return 0, fmt.Errorf("expected %s", t.Range)
		}
		return n, nil
	}, func(n uint32) string { return fmt.Sprint(n) })
}

// orNever adds the word never to a codec of seconds. The tree has it as Never.
func orNever(c codec[uint32]) codec[uint32] {
	t := c.Type
	t.Words = []string{"never"}
	t.Range += " or never"
	return scalar(t, func(s string) (n uint32, err error) {
		if s == "never" {
			return Never, nil
		}
		if c.add(&n, s) != nil {
			return 0, fmt.Errorf("expected %s", t.Range)
		}
		return n, nil
	}, func(n uint32) string {
		if n == Never {
			return "never"
		}
		return fmt.Sprint(n)
	})
}

// integerOrAny is a number whose absence, -1 in the tree, means any.
func integerOrAny(high uint64) codec[int] {
	c := integer[int](0, high)
	c.unset = -1
	words := c.words
	c.words = func(n int) []string {
		if n < 0 {
			return nil
		}
		return words(n)
	}
	return c
}
