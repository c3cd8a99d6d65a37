package engine_test

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"portcullis/engine/enginetest"
	"portcullis/packet"
)

var update = flag.Bool("update", false, "rewrite the golden texts of the scenarios")

// TestScenario plays every story of testdata.
func TestScenario(t *testing.T) {
	for _, path := range scenarios(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			enginetest.Run(t, path, *update)
		})
	}
}

func scenarios(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scenarios", err)
	}
	return paths
}

// elsewhere are the reasons that the engine and the parser never give: who gives
// them, and the file that tests it.
var elsewhere = map[packet.Reason]string{}

// TestReasons finds a scenario that dies of each reason.
func TestReasons(t *testing.T) {
	seen := map[string]bool{}
	for _, path := range scenarios(t) {
		names, err := enginetest.Reasons(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			seen[n] = true
		}
	}
	for why := packet.ReasonNone + 1; why < packet.NumReasons; why++ {
		file, is := elsewhere[why]
		switch {
		case seen[why.String()] && is:
			t.Errorf("%v: a scenario dies of it, and %s is said to test it", why, file)
		case !seen[why.String()] && !is:
			t.Errorf("%v: no scenario dies of it", why)
		}
	}
}
