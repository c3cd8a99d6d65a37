package telemetry_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"portcullis/session"
	"portcullis/telemetry"
)

// parse reads a line back into its fields; ok is false where it is not made of
// key=value and key="text" with single spaces between.
func parse(line string) (fields map[string]string, ok bool) {
	fields = make(map[string]string)
	for line != "" {
		name, rest, found := strings.Cut(line, "=")
		if !found || name == "" || strings.ContainsAny(name, ` "`) {
			return nil, false
		}
		value := rest
		if strings.HasPrefix(rest, `"`) {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, false
			}
			value, _ = strconv.Unquote(quoted)
			rest = rest[len(quoted):]
		} else {
			value, _, _ = strings.Cut(rest, " ")
			rest = rest[len(value):]
		}
		if _, twice := fields[name]; twice {
			return nil, false
		}
		fields[name] = value
		if rest != "" && rest[0] != ' ' {
			return nil, false
		}
		line = strings.TrimPrefix(rest, " ")
	}
	return fields, true
}

// Whatever is in a name, it comes back out of its own field of one line.
func FuzzNames(f *testing.F) {
	f.Add("lan", "web")
	f.Add(`a" action="accept`, "x\ny\r\x00\x1b[31m")
	f.Add("\\", "\u2028\u202e\xff")
	f.Fuzz(func(t *testing.T, a, b string) {
		format := telemetry.Formatter{Hostname: a, Names: names{
			interfaces: map[uint16]string{1: a, 2: b},
			services:   map[uint32]string{1: a},
			policies:   map[uint32]string{1: b},
			helpers:    map[uint8]string{4: a},
			pools:      map[uint16]string{1: a},
		}}
		for _, edit := range []func(*session.Event){exhausted(web, 1), block(session.EventBlockEnd)} {
			e := event(edit)
			line, _ := format.Append(nil, &e)
			if got, ok := parse(strings.TrimSuffix(string(line), "\n")); !ok || a != "" && got["poolname"] != a {
				t.Errorf("poolname: %q, want %q in %q", got["poolname"], a, line)
			}
		}
		e := event(func(e *session.Event) { e.Helper, e.Master = 4, 1 })
		line, _ := format.Append(nil, &e)
		if bytes.IndexByte(line, '\n') != len(line)-1 || !utf8.Valid(line) {
			t.Fatalf("not one line: %q", line)
		}
		got, ok := parse(string(line[:len(line)-1]))
		if !ok {
			t.Fatalf("not fields: %s", line)
		}
		or := func(s, empty string) string {
			if s == "" {
				return empty
			}
			return s
		}
		for field, want := range map[string]string{
			"devname": a, "srcintf": or(a, "unknown"), "dstintf": or(b, "unknown"), "service": or(a, "tcp/80"), "policyname": b, "helper": a, "action": "close",
		} {
			if got[field] != want {
				t.Errorf("%s: %q, want %q in %s", field, got[field], want, line)
			}
		}
	})
}
