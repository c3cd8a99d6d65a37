package config

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// FuzzParse: no text makes Parse panic, mistakes have a line and no Config
// beside them, and a text without mistakes survives printing.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(a.Files[0].Data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		cfg, diags := Parse("fuzz", []byte(text))
		if (cfg == nil) == (len(diags) == 0) {
			t.Fatalf("Config %v beside diagnostics %v", cfg, diags)
		}
		for _, d := range diags {
			if d.Line < 1 || !printable(d.Text) {
				t.Errorf("diagnostic %q", d.String())
			}
		}
		if cfg != nil {
			roundTrip(t, cfg)
		}
	})
}

// FuzzTree builds files from the schema itself: the bytes choose tables,
// attributes and values, right and wrong. Mutated text rarely gets past the
// syntax; these files do, and meet the checks between entries.
func FuzzTree(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		seed := make([]byte, 10+random.IntN(60))
		for i := range seed {
			seed[i] = byte(random.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed []byte) {
		b := &builder{seed: seed}
		b.text.WriteString(prelude)
		if b.pick(3) == 2 {
			b.text.WriteString("[system.settings]\ncentral-nat = \"enable\"\n")
		}
		for len(b.seed) > 0 {
			b.table(Schema()[b.pick(len(Schema()))])
		}
		cfg, diags := Parse("fuzz", []byte(b.text.String()))
		if (cfg == nil) == (len(diags) == 0) {
			t.Fatalf("Config %v beside diagnostics %v", cfg, diags)
		}
		for _, d := range diags {
			if d.Line < 1 || strings.HasPrefix(d.Text, "toml:") {
				t.Errorf("diagnostic %q", d.String())
			}
		}
		if cfg != nil {
			roundTrip(t, cfg)
		}
	})
}

// prelude makes some of the names in samples exist.
const prelude = `
[[system.interface]]
name = "a"
[[system.interface]]
name = "b"
[[firewall.address]]
name = "a"
[[firewall.address6]]
name = "b"
[[firewall.ippool]]
name = "a"
startip = "10.7.0.1"
endip = "10.7.0.9"
[[firewall.ippool6]]
name = "b"
type = "nptv6"
internal-prefix = "fd00::/48"
external-prefix = "2001:db8:7::/48"
[[firewall.vip]]
name = "v"
status = "disable"
extip = "10.7.1.1"
mappedip = "10.0.0.9"
[[firewall.vip6]]
name = "w"
status = "disable"
extip = "2001:db8:7::1"
mappedip = "2001:db8::9"
`

type builder struct {
	seed []byte
	text strings.Builder
}

// pick is the next byte, below n; 0 when the bytes are used up.
func (b *builder) pick(n int) int {
	if len(b.seed) == 0 {
		return 0
	}
	c := int(b.seed[0])
	b.seed = b.seed[1:]
	return c % n
}

func (b *builder) table(t *Table) {
	fmt.Fprintf(&b.text, "%s\n", t.header())
	words := make(map[string]string)
	for _, a := range t.Attributes {
		words[a.Name] = strconv.Quote(a.Default)
		if !hold(a.Only, words) && b.pick(16) != 15 {
			continue
		}
		if a.Required && b.pick(16) != 15 || b.pick(4) == 1 {
			words[a.Name] = b.value(a)
			fmt.Fprintf(&b.text, "%s = %s\n", a.Name, words[a.Name])
		}
	}
	for _, sub := range t.Tables {
		if b.pick(4) == 1 {
			b.table(sub)
		}
	}
}

// hold says whether a condition holds for the words written so far.
func hold(c *Condition, words map[string]string) bool {
	for ; c != nil; c = c.And {
		if !slices.Contains(c.Words, strings.Trim(words[c.Attribute], `"`)) {
			return false
		}
	}
	return true
}

func (b *builder) value(a *Attribute) string {
	if b.pick(40) == 39 {
		return []string{`true`, `[]`, `{}`, `""`, `[1]`, `-1`}[b.pick(6)]
	}
	if a.Type.Number {
		return fmt.Sprint(1 + b.pick(40))
	}
	words := a.Type.Words
	if len(a.Refs) > 0 && b.pick(8) != 7 {
		words = existing(a)
	}
	if len(words) == 0 {
		words = samples[strings.TrimPrefix(a.Type.Name, "list of ")]
	}
	word := words[b.pick(len(words))]
	if a.Type.Many && b.pick(3) == 2 {
		return fmt.Sprintf("[%q, %q]", word, words[b.pick(len(words))])
	}
	return fmt.Sprintf("%q", word)
}

// existing are names that exist: the factory's and the prelude's.
func existing(a *Attribute) []string {
	words := slices.Clone(a.Also)
	for _, p := range a.Refs {
		words = append(words, there[p]...)
	}
	return words
}

var there = map[string][]string{
	"system.interface":        {"a", "b"},
	"firewall.address":        {"all", "a"},
	"firewall.address6":       {"all", "b"},
	"firewall.service.custom": {"HTTP", "DNS", "ALL"},
	"firewall.ippool":         {"a"},
	"firewall.ippool6":        {"b"},
	"firewall.vip":            {"v"},
	"firewall.vip6":           {"w"},
	schedulePath:              {"always"},
}

var samples = map[string][]string{
	"domain name":         {"www.example.com", "*.example.com", "Example.org."},
	"name":                {"a", "b", "c", "all", "HTTP", "always", "any"},
	"names":               {"a", "b", "c", "all", "HTTP", "Web Access", "any"},
	"string":              {"", "a", "b", "ä\u200b"},
	"IPv4 prefix":         {"10.0.0.0/8", "10.1.2.3 255.255.0.0", "0.0.0.0/0"},
	"IPv6 prefix":         {"2001:db8::/32", "::/0"},
	"IPv4 address":        {"10.0.0.1", "10.0.0.2", "0.0.0.0"},
	"IPv6 address":        {"2001:db8::1", "fe80::2", "::"},
	"IPv4 address/length": {"10.0.0.1/24", "10.0.1.1/24", "10.0.2.1/31", "0.0.0.0/0"},
	"IPv6 address/length": {"2001:db8::1/64", "2001:db8:1::1/64", "fe80::1/64", "::/0"},
	"port ranges":         {"80", "1-65535:0", "1000-2000:53-54"},
	"port or range":       {"80", "8000-8001", "8001-8002", ""},
	"port, range or 0":    {"80", "8000-8001", "0"},
	"ports and ranges":    {"80", "8000-8001 8002"},

	"IPv4 address or range":               {"10.0.0.3", "10.0.0.4-10.0.0.5", "10.0.0.1"},
	"IPv6 address or range":               {"2001:db8::3", "2001:db8::4-2001:db8::5"},
	"IPv4 addresses and ranges":           {"10.0.9.3", "10.0.9.4-10.0.9.5 10.0.9.7"},
	"IPv6 addresses and ranges":           {"2001:db8:9::3", "2001:db8:9::4-2001:db8:9::5"},
	"IPv4 prefixes, addresses and ranges": {"10.9.0.0/16", "10.8.0.1", "10.9.0.0-10.9.0.9"},
	"IPv6 prefixes, addresses and ranges": {"2001:db8::/32", "2001:db8::7", "::/0"},
}
