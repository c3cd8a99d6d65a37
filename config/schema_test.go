package config

import (
	"bytes"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// eachTable visits every table, nested ones too.
func eachTable(tables []*Table, visit func(*Table)) {
	for _, t := range tables {
		visit(t)
		eachTable(t.Tables, visit)
	}
}

// TestSchema holds the descriptions to their own rules.
func TestSchema(t *testing.T) {
	paths := make(map[string]bool)
	eachTable(Schema(), func(tab *Table) {
		if paths[tab.Path] {
			t.Errorf("%s is described twice", tab.Path)
		}
		paths[tab.Path] = true
		if !strings.HasSuffix(tab.Help, ".") {
			t.Errorf("%s: help is no sentence: %q", tab.Path, tab.Help)
		}
		if !tab.Singleton() && (tab.Attributes[0].Name != tab.Key || !tab.Attributes[0].Required || tab.Noun == "") {
			t.Errorf("%s: the key must come first and be required, and an entry needs a noun", tab.Path)
		}
		names := make(map[string]bool)
		for _, w := range tab.words() {
			if names[w] {
				t.Errorf("%s: %s is described twice", tab.Path, w)
			}
			names[w] = true
		}
		for _, a := range tab.Attributes {
			checkAttribute(t, tab, a)
		}
	})
}

func checkAttribute(t *testing.T, tab *Table, a *Attribute) {
	where := tab.Path + " " + a.Name
	if !strings.HasSuffix(a.Help, ".") || a.Note != "" && !strings.HasSuffix(a.Note, ".") {
		t.Errorf("%s: help is no sentence: %q %q", where, a.Help, a.Note)
	}
	if a.Type.Name == "" || a.Type.Range == "" {
		t.Errorf("%s: no type or range", where)
	}
	if a.Required && a.Default != "" {
		t.Errorf("%s: required and with a default", where)
	}
	for _, p := range a.Refs {
		if tableAt(p) == nil && p != schedulePath {
			t.Errorf("%s: refers to no table %s", where, p)
		}
	}
	for c := a.Only; c != nil; c = c.And {
		on := tab.Attribute(c.Attribute)
		if on == nil || slices.Index(tab.Attributes, on) > slices.Index(tab.Attributes, a) {
			t.Errorf("%s: condition on %s, which must come before", where, c.Attribute)
		} else if !slices.Contains(on.Type.Words, c.Words[0]) {
			t.Errorf("%s: condition on a word %s does not have", where, c.Attribute)
		}
	}
	// A default is written in normal form.
	if got := strings.Join(a.Words(tab.blank()), " "); got != a.Default && !a.Required {
		t.Errorf("%s: default %q prints as %q", where, a.Default, got)
	}
}

// TestEveryFieldIsDescribedOnce: a field without a description could never be
// set; one with two would be set by both.
func TestEveryFieldIsDescribedOnce(t *testing.T) {
	eachTable(Schema(), func(tab *Table) {
		typ := reflect.TypeOf(tab.fresh()).Elem()
		if fields, described := typ.NumField(), len(tab.Attributes)+len(tab.Tables); fields != described {
			t.Errorf("%s: %s has %d fields, %d descriptions", tab.Path, typ, fields, described)
		}
	})
	if n := reflect.TypeFor[Config]().NumField(); n != len(Schema()) {
		t.Errorf("Config has %d fields, the schema %d tables", n, len(Schema()))
	}
}

func TestReference(t *testing.T) {
	const page = "../docs/reference.md"
	var b bytes.Buffer
	if err := WriteReference(&b); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(page, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), b.String()); diff != "" {
		t.Errorf("%s is stale; go test ./config -run TestReference -update (-page +schema):\n%s", page, diff)
	}
	eachTable(Schema(), func(tab *Table) {
		for _, a := range tab.Attributes {
			if !strings.Contains(b.String(), "| `"+a.Name+"` |") {
				t.Errorf("%s %s is not on the page", tab.Path, a.Name)
			}
		}
	})
}

func TestTableWalk(t *testing.T) {
	cfg := mustParse(t, "[[system.interface]]\nname = \"lan\"\nip = \"10.0.0.1/8\"\nallowaccess = \"ping\"\n")
	intf := tableAt("system.interface")
	entries := intf.Entries(cfg)
	if len(entries) != 1 || intf.KeyOf(entries[0]) != "lan" {
		t.Fatalf("entries %v", entries)
	}
	if got := intf.Attribute("allowaccess").Words(entries[0]); !slices.Equal(got, []string{"ping"}) {
		t.Errorf("allowaccess %v", got)
	}
	if s := cfg.Interfaces[0].AllowAccess.String(); s != "ping" {
		t.Errorf("String %q", s)
	}
	if s := AllowAccess(0).String(); s != "" {
		t.Errorf("String of none %q", s)
	}
}
