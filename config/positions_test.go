package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

// lines flattens a tree of places to "path:line", following the values, so
// that a place the scanner missed shows up with its holder's line.
func lines(path string, n *node) (all []string) {
	if path != "" {
		all = append(all, fmt.Sprintf("%s:%d", path, n.line))
	}
	for _, k := range n.names() {
		all = append(all, lines(strings.TrimPrefix(path+"/"+k, "/"), n.table[k])...)
	}
	for i, item := range n.array {
		all = append(all, lines(fmt.Sprintf("%s/%d", path, i), item)...)
	}
	return all
}

func TestPlaces(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"plain", "a = 1\nb = 2\n", "a:1 b:2"},
		{"comments", "# [x]\na = 1 # b = 2\n# c = 3\nd = 4", "a:2 d:4"},
		{"windows lines", "a = 1\r\n\r\n[b]\r\nc = 2\r\n", "a:1 b:3 b/c:4"},
		{"brackets in strings", "a = \"[x]\"\nb = '[[y]]'\nc = \"# no comment\"\nd = 1", "a:1 b:2 c:3 d:4"},
		{"escapes", `a = "\"\n[x]\\"` + "\nb = 'c:\\'\nc = 1", "a:1 b:2 c:3"},
		{"multi-line string", "a = \"\"\"\n[x]\nb = 1\n\\\"\"\"\n\"\"\"\nc = 2", "a:1 c:6"},
		{"multi-line literal", "a = '''\n[x]\n# '' \nb = '''\nc = 2", "a:1 c:5"},
		{"quotes before the closing quotes", "a = \"\"\"x\"\"\"\"\"\nb = '''y''''\nc = 2", "a:1 b:2 c:3"},
		{"array over lines", "a = [ # one [\n  1,\n\n  2, # two ]\n  3\n]\nb = 1", "a:1 a/0:2 a/1:4 a/2:5 b:7"},
		{"array of arrays", "a = [[1,\n2], [\n3]]\n", "a:1 a/0:1 a/0/0:1 a/0/1:2 a/1:2 a/1/0:3"},
		{"strings in arrays", "a = [\"]\", '[',\n\"\"\"\n,]\"\"\", \"x\"]\nb = 1", "a:1 a/0:1 a/1:1 a/2:2 a/3:3 b:4"},
		{"inline table", "a = { b = 1, c.d = \"}\", e = [ 1,\n 2 ] }\nf = 1", "a:1 a/b:1 a/c:1 a/c/d:1 a/e:1 a/e/0:1 a/e/1:2 f:3"},
		{"array of inline tables", "a = [\n { b = 1 },\n { b = 2 }, ]\n", "a:1 a/0:2 a/0/b:2 a/1:3 a/1/b:3"},
		{"dotted keys", "a.b = 1\na.c.d = 2\n", "a:1 a/b:1 a/c:2 a/c/d:2"},
		{"quoted keys", "\"a.b\" = 1\n'c d'.\"e\\u0066\" = 2\n", "a.b:1 c d:2 c d/ef:2"},
		{"spaces in keys", "a . b = 1\n[ c . d ]\ne=1", "a:1 a/b:1 c:2 c/d:2 c/d/e:3"},
		{"tables", "[a]\nb = 1\n\n[a.c]\nd = 2\n[e]\n", "a:1 a/b:2 a/c:4 a/c/d:5 e:6"},
		{"table after its child", "[a.b]\nc = 1\n[a]\nd = 2\n", "a:3 a/b:1 a/b/c:2 a/d:4"},
		{"array of tables", "[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3\n", "a:1 a/0:1 a/0/b:2 a/1:3 a/1/b:4 a/1/c:5 a/1/c/d:6"},
		{"nested arrays of tables", "[[a]]\n[[a.b]]\nc = 1\n[[a.b]]\n[[a]]\n[[a.b]]\nc = 3",
			"a:1 a/0:1 a/0/b:2 a/0/b/0:2 a/0/b/0/c:3 a/0/b/1:4 a/1:5 a/1/b:6 a/1/b/0:6 a/1/b/0/c:7"},
		{"below an array", "[[a]]\n[a.b]\n[[a.b.c]]\nd = 1\n", "a:1 a/0:1 a/0/b:2 a/0/b/c:3 a/0/b/c/0:3 a/0/b/c/0/d:4"},
		{"dates and floats", "a = 1979-05-27 07:32:00 # b\nc = 1.5e3\nd = [inf, 07:32:00]\n", "a:1 c:2 d:3 d/0:3 d/1:3"},
		{"byte order mark", "\ufeffa = 1\n", "a:1"},
		{"byte order mark of UTF-16", "\xff\xfea = 1\n", "a:1"},
		{"byte order marks", "\ufeff\xfe\xff\ufeffa = 1\n", "a:1"},
		{"empty containers", "a = [ ]\nb = {}\nc = [\n# nothing\n]\nd = 1", "a:1 b:2 c:3 d:6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root, bad := read("x", tt.text)
			if bad != nil {
				t.Fatalf("not TOML: %v", bad)
			}
			if got := strings.Join(lines("", root), " "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestColumns(t *testing.T) {
	root, _ := read("x", "a = [ \"é\", 7 ]\n  b = { c = 1 }\n")
	if c := root.table["a"].array[1].column; c != 12 {
		t.Errorf("second item in column %d, want 12", c)
	}
	if c := root.table["b"].table["c"].column; c != 9 {
		t.Errorf("inline key in column %d, want 9", c)
	}
}

func TestKeysTwice(t *testing.T) {
	root, bad := read("x", "a = 1\nb = 2\na = [\n 3 ]\n[c]\nd = 1\nd = 2\nd = 3\n[e]\nf = 1\n")
	if bad != nil {
		t.Fatal(bad)
	}
	var got []int
	for _, s := range append(root.table["a"].again, root.table["c"].table["d"].again...) {
		got = append(got, s.line)
	}
	if !slices.Equal(got, []int{3, 7, 8}) {
		t.Errorf("again on lines %v", got)
	}
	if root.table["e"].table["f"].line != 10 {
		t.Error("what follows has moved")
	}
}

func TestTablesTwice(t *testing.T) {
	_, diags := Parse("x", []byte(`
[system.global]
hostname = "a"
hostname = [ "b",
  "c" ]
[system.global]
hostname = "d"
hostname = "e"
[[system.interface]]
name = "port1"
[system.interface.ipv6]
[system.interface.ipv6]
ip6-address = 1
[[system.interface]]
name = "port2"
[system.interface.ipv6]
ip6-address = 1
`))
	const want = `x:4: system global: hostname: given twice, first on line 3
x:6: system global: given twice, first on line 2
x:12: system interface "port1": ipv6: given twice, first on line 11
x:17: system interface "port2": ipv6: ip6-address 1: expected a string, an IPv6 address with its length, such as 2001:db8::1/64`
	if got := diags.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, tt := range []struct {
		text string
		line int
	}{
		{"a = 1\nb =\nc = 2\n", 2},
		{"a = 1\n\n[b\nc = 2\n", 3},
		{"a = 1\nb = \"open\nc = 2\n", 2},
		{"a = [1,\n2\nb = 3\n", 3},
		{"a = 1\n[a]\nb = 2\n", 2},
		{"a = 1\na = 2\nb = nonsense\n", 3},
		{"a = yes", 1},
		{"a = 1\x00", 1},
		{"\xff\xfea\x00", 1},
		{"a = 1\nb = \"\xff\"\n", 2},
		{"a = " + strings.Repeat("[", 1<<20), 1},
	} {
		cfg, diags := Parse("x.toml", []byte(tt.text))
		if cfg != nil || len(diags) != 1 {
			t.Errorf("%.40q: got %v, %v", tt.text, cfg, diags)
			continue
		}
		d := diags[0]
		if d.Line != tt.line || !strings.HasPrefix(d.Text, "toml: ") || !printable(d.Text) {
			t.Errorf("%.40q: line %d, want %d: %q", tt.text, d.Line, tt.line, d.String())
		}
	}
}

// FuzzPlaces holds the scanner to ending, on any text, and to finding every
// key of a text that is TOML.
func FuzzPlaces(f *testing.F) {
	for _, s := range []string{"a = [1, {b = '''x'''}]\n[[c.d]]\n\"e\\\"\" = 1", "a = \"\\", "[[", "a = {", "'a'.b.\"c\" = [[\n", "a=\"\"\"\"\"\"\"\"\n", "\xff\xfe", "\ufeff\ufeffa = 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = unmark(text)
		root, s := places(text)
		values := make(map[string]any)
		if _, err := toml.Decode(text, &values); err != nil || s.deep {
			return
		}
		found(t, "", values, root)
	})
}

func found(t *testing.T, path string, value any, p *place) {
	switch v := value.(type) {
	case map[string]any:
		if len(v) != len(p.keys) {
			t.Errorf("%s: %d keys found, want %d", path, len(p.keys), len(v))
		}
		for k, x := range v {
			if p.keys[k] == nil {
				t.Errorf("%s: no place for %q", path, k)
				continue
			}
			found(t, path+"/"+k, x, p.keys[k])
		}
	case []map[string]any:
		for i, x := range v {
			found(t, path+"[]", x, p.item(i))
		}
	case []any:
		if len(v) != len(p.items) {
			t.Errorf("%s: %d items found, want %d", path, len(p.items), len(v))
		}
		for i, x := range v {
			found(t, path+"[]", x, p.item(i))
		}
	}
}
