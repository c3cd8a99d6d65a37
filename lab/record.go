package lab

import (
	"fmt"
	"strings"
)

// Record is one line of a traffic log in FortiOS's key=value form.
type Record struct {
	Line   string
	fields map[string]string
}

// ParseRecord reads one line. Values may be in double quotes, in which a
// backslash takes the next character as it is.
func ParseRecord(line string) (Record, error) {
	r := Record{Line: line, fields: make(map[string]string)}
	rest := strings.TrimSpace(line)
	for rest != "" {
		key, after, ok := strings.Cut(rest, "=")
		if !ok || key == "" || strings.ContainsAny(key, " \"") {
			return Record{}, fmt.Errorf("log line %q: no key=value at %q", line, rest)
		}
		value, after, err := cutValue(after)
		if err != nil {
			return Record{}, fmt.Errorf("log line %q: %s: %w", line, key, err)
		}
		r.fields[key] = value
		rest = strings.TrimLeft(after, " ")
	}
	return r, nil
}

func cutValue(s string) (value, rest string, err error) {
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, " ")
		return value, rest, nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], nil
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", fmt.Errorf("quote not closed")
}

// Get is the value of a key, without quotes, or "".
func (r Record) Get(key string) string { return r.fields[key] }

// Match reports whether every key=value pair given holds, as in
// r.Match("policyid=4", "action=close"). A value may list alternatives:
// "action=close|accept".
func (r Record) Match(pairs ...string) bool {
	for _, pair := range pairs {
		key, want, _ := strings.Cut(pair, "=")
		if !oneOf(r.fields[key], want) {
			return false
		}
	}
	return true
}

func oneOf(have, want string) bool {
	for alternative := range strings.SplitSeq(want, "|") {
		if have == alternative {
			return true
		}
	}
	return false
}

// Brief is the line with only the named keys, as it would have been written,
// for showing.
func (r Record) Brief(keys ...string) string {
	var b strings.Builder
	for _, key := range keys {
		value, ok := r.fields[key]
		if !ok {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		if strings.Contains(r.Line, key+`="`) {
			fmt.Fprintf(&b, "%s=%q", key, value)
		} else {
			fmt.Fprintf(&b, "%s=%s", key, value)
		}
	}
	return b.String()
}
