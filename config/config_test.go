package config

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite golden files and docs/reference.md")

// TestGolden reads each testdata/*.txtar: "in" is a configuration; "want" its
// normal form, or "diag" all its mistakes.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in := section(t, a, "in")
			cfg, diags := Parse("in", in)
			name, got := "want", ""
			if len(diags) > 0 {
				name, got = "diag", diags.Error()+"\n"
				if cfg != nil {
					t.Error("a Config beside diagnostics")
				}
			} else {
				got = show(t, cfg, false)
				roundTrip(t, cfg)
			}
			if *update {
				a.Files = []txtar.File{{Name: "in", Data: in}, {Name: name, Data: []byte(got)}}
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(section(t, a, name)), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		})
	}
}

func section(t *testing.T, a *txtar.Archive, name string) []byte {
	t.Helper()
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	t.Fatalf("no section %q: run with -update", name)
	return nil
}

func show(t testing.TB, cfg *Config, full bool) string {
	t.Helper()
	var b bytes.Buffer
	if err := Print(&b, cfg, full); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// roundTrip holds both normal forms to their law: reading them back gives the
// same tree, and printing that gives the same text.
func roundTrip(t testing.TB, cfg *Config) {
	t.Helper()
	for _, full := range []bool{false, true} {
		printed := show(t, cfg, full)
		again, diags := Parse("printed", []byte(printed))
		if len(diags) > 0 {
			t.Fatalf("full %t: printed text does not parse:\n%v\n%s", full, diags, printed)
		}
		if !reflect.DeepEqual(cfg, again) {
			t.Errorf("full %t: another tree after a round trip:\n%s\nand then:\n%s", full, printed, show(t, again, full))
		}
		if twice := show(t, again, full); twice != printed {
			t.Errorf("full %t: printing is not idempotent:\n%s", full, cmp.Diff(printed, twice))
		}
	}
}

func mustParse(t testing.TB, text string) *Config {
	t.Helper()
	cfg, diags := Parse("test.toml", []byte(text))
	if len(diags) > 0 {
		t.Fatalf("unexpected diagnostics:\n%v", diags)
	}
	return cfg
}

func TestEmptyFileIsFactory(t *testing.T) {
	cfg := mustParse(t, "")
	if !reflect.DeepEqual(cfg, Factory()) {
		t.Error("an empty file is not the factory's tree")
	}
	if got := show(t, cfg, false); got != "" {
		t.Errorf("the factory's delta is not empty:\n%s", got)
	}
	roundTrip(t, cfg)
}

func TestFactory(t *testing.T) {
	c := Factory()
	if len(c.Helpers) != 20 {
		t.Errorf("%d session helpers, want 20", len(c.Helpers))
	}
	if h := c.Helpers[12]; h.ID != 13 || h.Name != "sip" || h.Protocol != 17 || h.Port != 5060 || !h.Status {
		t.Errorf("entry 13: %+v", h)
	}
	if c.Global.Hostname != "Portcullis" || c.Global.MaxSessions != 1<<20 {
		t.Errorf("global: %+v", c.Global)
	}
	services := make(map[string]*Service)
	for _, s := range c.Services {
		if services[s.Name] != nil {
			t.Errorf("service %s twice", s.Name)
		}
		services[s.Name] = s
	}
	if s := services["RSH"]; len(s.TCP) != 1 || s.TCP[0] != (PortRange{514, 514, 512, 1023}) {
		t.Errorf("RSH: %+v", s)
	}
	if s := services["PING"]; s.Protocol != "ICMP" || s.ICMPType != 8 || s.ICMPCode != -1 {
		t.Errorf("PING: %+v", s)
	}
	if s := services["ALL"]; s.Protocol != "IP" || s.ProtocolNumber != 0 {
		t.Errorf("ALL: %+v", s)
	}
	for _, g := range c.ServiceGrps {
		for _, m := range g.Member {
			if services[m] == nil {
				t.Errorf("group %s: no service %s", g.Name, m)
			}
		}
	}
}

// TestFactoryIsFresh: a Config belongs to who made it.
func TestFactoryIsFresh(t *testing.T) {
	a := Factory()
	a.Helpers[0].Port, a.Services[0].Name = 1, "changed"
	if b := Factory(); b.Helpers[0].Port == 1 || b.Services[0].Name == "changed" {
		t.Error("two factories share an entry")
	}
}

func TestLoadMissingFile(t *testing.T) {
	cfg, diags := Load(filepath.Join(t.TempDir(), "none.toml"))
	if cfg != nil || len(diags) != 1 || !strings.HasPrefix(diags.Error(), "open ") {
		t.Errorf("got %v, %v", cfg, diags)
	}
	if diags.Err() == nil || Diagnostics(nil).Err() != nil {
		t.Error("Err does not tell mistakes from none")
	}
}

func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "portcullis.toml")
	if err := os.WriteFile(file, []byte("[system.global]\nhostname = \"edge\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, diags := Load(file)
	if len(diags) > 0 || cfg.Global.Hostname != "edge" {
		t.Errorf("got %+v, %v", cfg, diags)
	}
}
