package engine_test

import (
	"path/filepath"
	"slices"
	"testing"

	"portcullis/config"
	"portcullis/engine/enginetest"
	"portcullis/helpers"
)

// choice is a helper and a scenario in which it reads a session, untranslated, from
// port1. opens says that something comes of that.
type choice struct {
	helper, scenario string
	opens            bool
}

var choices = []choice{
	{"amanda", "amanda", true},
	{"dns-tcp", "dns_tcp", false},
	{"dns-udp", "dns_answered", false},
	{"ftp", "ftp_active", true},
	{"ftp", "ftp_passive", true},
	{"irc", "irc_dcc", true},
	{"mms", "mms", true},
	{"ntalk", "talk", true},
	{"pmap", "pmap", true},
	{"pptp", "pptp", true},
	{"rsh", "rsh", true},
	{"rtsp", "rtsp", true},
	{"sane", "sane", true},
	{"sip", "sip_call", true},
	{"sip", "sip_tcp", true},
	{"talk", "talk_old", true},
	{"tftp", "tftp", true},
	{"tns", "tns", true},
}

func (c *choice) path() string { return filepath.Join("testdata", c.scenario+".txtar") }

// unbind takes the entries of a helper out of the table.
func (c *choice) unbind(cfg *config.Config) {
	cfg.Helpers = slices.DeleteFunc(cfg.Helpers, func(e *config.SessionHelper) bool { return e.Name == c.helper })
}

// serve has the services by which policies admit sessions say word.
func serve(cfg *config.Config, word string) {
	for _, p := range cfg.Policies {
		for _, s := range cfg.Services {
			if slices.Contains(p.Service, s.Name) {
				s.Helper = word
			}
		}
	}
}

// police has the policies say words.
func police(cfg *config.Config, words ...string) {
	for _, p := range cfg.Policies {
		p.SessionHelper = words
	}
}

// TestChoice: that a policy or a service names a helper is as good as an entry of the
// table, and nobody reads where either says disable, for every helper. The policy's
// word comes before the service's.
func TestChoice(t *testing.T) {
	tried := map[string]bool{}
	for _, c := range choices {
		tried[c.helper] = true
		t.Run(c.scenario, func(t *testing.T) {
			for name, edit := range map[string]func(*config.Config){
				"policy":  func(cfg *config.Config) { c.unbind(cfg); police(cfg, c.helper) },
				"service": func(cfg *config.Config) { c.unbind(cfg); serve(cfg, c.helper) },
				"policy before service": func(cfg *config.Config) {
					c.unbind(cfg)
					serve(cfg, "disable")
					police(cfg, c.helper)
				},
			} {
				t.Run(name, func(t *testing.T) { enginetest.RunWith(t, c.path(), edit) })
			}
			for name, edit := range map[string]func(*config.Config){
				"unbound":             c.unbind,
				"disabled by policy":  func(cfg *config.Config) { police(cfg, "disable") },
				"disabled by service": func(cfg *config.Config) { serve(cfg, "disable") },
				"policy disables what the service names": func(cfg *config.Config) {
					serve(cfg, c.helper)
					police(cfg, "disable")
				},
			} {
				t.Run(name, func(t *testing.T) { c.unread(t, edit) })
			}
			c.read(t)
		})
	}
	for _, h := range helpers.All() {
		if !tried[h.Name] {
			t.Errorf("%s: no scenario shows that policies and services choose it", h.Name)
		}
	}
}

// read plays the traffic under the table: the other cases mean something only if the
// helper reads then.
func (c *choice) read(t *testing.T) {
	stats, had := enginetest.Traffic(t, c.path(), nil, nil)
	if had[c.helper] == 0 || (stats.Expected > 0 && stats.Children > 0) != c.opens {
		t.Errorf("by the table: helpers %v, %d expected, %d children", had, stats.Expected, stats.Children)
	}
}

// TestChoiceLasts: a session keeps its helper, whatever a new configuration says, and
// what that announces is let in.
func TestChoiceLasts(t *testing.T) {
	for _, c := range choices {
		for name, then := range map[string]func(*config.Config){
			"entry removed":       c.unbind,
			"disabled by policy":  func(cfg *config.Config) { police(cfg, "disable") },
			"disabled by service": func(cfg *config.Config) { serve(cfg, "disable") },
		} {
			t.Run(c.scenario+"/"+name, func(t *testing.T) {
				stats, had := enginetest.Traffic(t, c.path(), nil, then)
				if had[c.helper] == 0 || (stats.Expected > 0 && stats.Children > 0) != c.opens {
					t.Errorf("helpers %v, %d expected, %d children", had, stats.Expected, stats.Children)
				}
			})
		}
	}
}

// unread plays the traffic where nobody is to read it.
func (c *choice) unread(t *testing.T, edit func(*config.Config)) {
	stats, had := enginetest.Traffic(t, c.path(), edit, nil)
	if len(had) != 1 || had[""] == 0 || stats.Expected+stats.Children+stats.Refused+stats.Detached != 0 {
		t.Errorf("helpers %v, %+v", had, stats)
	}
}
