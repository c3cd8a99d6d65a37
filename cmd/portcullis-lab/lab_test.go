package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"portcullis/examples"
	"portcullis/lab"
	"portcullis/lab/peer"
)

func TestMain(m *testing.M) {
	peer.Main()
	if err := lab.EnterUserNamespace(); err != nil {
		fmt.Fprintln(os.Stderr, "skipped:", err)
		if os.Getenv("PORTCULLIS_REQUIRE_TOOLS") != "" {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Every example is told by an act, and every act has its example.
func TestActsAndExamples(t *testing.T) {
	entries, err := examples.FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	acts := slices.Concat(acts, extras)
	for _, e := range entries {
		if !slices.ContainsFunc(acts, func(a act) bool { return a.example == e.Name() }) {
			t.Errorf("%s: no act", e.Name())
		}
	}
	d := new(demo)
	for _, a := range acts {
		for _, name := range []string{a.example, a.starts} {
			if _, err := d.text(name); name != "" && err != nil {
				t.Errorf("act %d: %v", a.number, err)
			}
		}
	}
}

// The measurements work: with the kernel and with a bare cable they yield every
// figure.
func TestMeasurements(t *testing.T) {
	b := &bench{duration: 200 * time.Millisecond, runs: 1}
	r := newResults(b)
	for _, rival := range rivals {
		if rival.name == "portcullis" {
			continue
		}
		if err := b.measure(t.Context(), rival, r, func(string) {}); err != nil {
			t.Fatalf("%s: %v", rival.name, err)
		}
	}
	for _, f := range figures {
		if median(r.values[f.name]["kernel"]) <= 0 {
			t.Errorf("%s: %v", f.name, r.values[f.name])
		}
	}
	var b2 strings.Builder
	r.print(&printer{w: &b2})
	if lines := strings.Count(b2.String(), "\n"); lines < len(figures)+3 {
		t.Errorf("table of %d lines:\n%s", lines, b2.String())
	}
	t.Log("\n" + b2.String())
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{4, 1}, 2.5}, {[]float64{9, 1, 2}, 2}} {
		if got := median(test.values); got != test.want {
			t.Errorf("median of %v: %v, want %v", test.values, got, test.want)
		}
	}
}
