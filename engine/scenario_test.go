package engine_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portcullis/engine/enginetest"
	"portcullis/packet"
)

var update = flag.Bool("update", false, "rewrite the golden texts of the scenarios")

// TestScenario plays every story of testdata. What the advice about a reason says
// of log and sender happens in one of them at least.
func TestScenario(t *testing.T) {
	played, deaths := 0, enginetest.Deaths{}
	paths := scenarios(t)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			deaths.Add(enginetest.Run(t, path, *update))
			played++
		})
	}
	if played < len(paths) || t.Failed() {
		return // only some were asked for
	}
	for why := packet.ReasonNone + 1; why < packet.NumReasons; why++ {
		a, d := why.Advice(), deaths[why]
		if a.Log != "" && !d.Event {
			t.Errorf("%v: in no scenario the log is told, as its advice says", why)
		}
		if a.Answer != "" && !d.Told {
			t.Errorf("%v: in no scenario the sender is told, as its advice says", why)
		}
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
var elsewhere = map[packet.Reason]string{
	packet.ReasonNotForUs:            "dataplane/plane_test.go",
	packet.ReasonNeighbourUnresolved: "dataplane/plane_test.go",
	packet.ReasonNeighbourQueueFull:  "dataplane/neighbour/table_test.go",
	packet.ReasonPortDown:            "dataplane/plane_test.go",
	packet.ReasonSendFailed:          "dataplane/plane_test.go",
	packet.ReasonRingDrop:            "dataplane/plane_test.go",
}

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
		case is:
			text, err := os.ReadFile(filepath.Join("..", file))
			if err != nil || !strings.Contains(string(text), constant(why)) {
				t.Errorf("%v: %s does not name it (%v)", why, file, err)
			}
		}
	}
}

// constant is the Go name of a reason: "packet.ReasonNotForUs".
func constant(why packet.Reason) string {
	name := "packet.Reason"
	for _, w := range strings.Split(why.String(), "-") {
		name += strings.ToUpper(w[:1]) + w[1:]
	}
	return name
}
