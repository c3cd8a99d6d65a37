package config

import (
	"path/filepath"
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
