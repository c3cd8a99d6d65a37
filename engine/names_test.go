package engine

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"portcullis/config"
)

// TestRegister: a number means the same for ever, and there is an end to them.
func TestRegister(t *testing.T) {
	var r register[string]
	a, _ := r.number("a", "")
	before := r.snapshot()
	b, _ := r.number("b", "")
	if again, err := r.number("a", ""); a != 0 || b != 1 || again != a || err != nil {
		t.Errorf("numbers %d %d %d %v", a, b, again, err)
	}
	if len(before) != 1 || len(r.snapshot()) != 2 {
		t.Errorf("snapshots %v %v", before, r.snapshot())
	}
	_ = append(before, "c") // must not reach what the register goes on with
	if r.values[1] != "b" {
		t.Errorf("a snapshot shares what comes behind it: %v", r.values)
	}
	for i := len(r.values); i <= math.MaxUint16; i++ {
		if n, err := r.number(fmt.Sprint(i), ""); int(n) != i || err != nil {
			t.Fatal(i, n, err)
		}
	}
	if _, err := r.number("one more", "shaper"); err == nil || err.Error() != "shaper one more: expected at most 65536 different ones between two starts" {
		t.Error(err)
	}
	if n, err := r.number("b", ""); n != b || err != nil {
		t.Error(n, err)
	}
}

// TestClockNumbers: rulesets share numbers, whatever order they have them in, and
// an older one's numbers mean the same in a newer one.
func TestClockNumbers(t *testing.T) {
	names := NewNames()
	compile := func(text string) *clocks {
		cfg, bad := config.Parse("t.toml", []byte(text))
		if len(bad) > 0 {
			t.Fatal(bad)
		}
		c, err := compileClocks(cfg, names)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := compile("[system.session-ttl]\ndefault = 500\n[[system.session-ttl.port]]\nid = 1\nprotocol = 17\ntimeout = 700\n")
	second := compile("[system.global]\nudp-idle-timer = 9\n[system.session-ttl]\ndefault = 700\n[[system.session-ttl.port]]\nid = 1\nprotocol = 17\ntimeout = 500\n")
	for i := range first.ttls {
		if first.ttls[i] != second.ttls[i] {
			t.Errorf("ttl %d: %v, then %v", i, first.ttls[i], second.ttls[i])
		}
	}
	for i := range first.sets {
		if first.sets[i] != second.sets[i] {
			t.Errorf("timers %d: %v, then %v", i, first.sets[i], second.sets[i])
		}
	}
	if first.base.timers == second.base.timers || len(second.ttls) != 4 { // a default of 700 s is not a given one
		t.Errorf("timers %d and %d, session-ttls %v", first.base.timers, second.base.timers, second.ttls)
	}
	for i := 0; len(names.ttls.values) <= math.MaxUint16; i++ {
		if _, err := names.ttlNumber(ttl{time.Duration(i), true}); err != nil {
			t.Fatal(err)
		}
	}
	cfg := config.Factory()
	cfg.SessionTTL.Default = 301
	if _, err := Compile(cfg, nil, names, 1); err == nil || !strings.HasPrefix(err.Error(), "session-ttl 5m1s: expected at most 65536") {
		t.Error(err)
	}
}

// TestPoolNumbers: pools of both families may have one name, but not one number.
func TestPoolNumbers(t *testing.T) {
	names := NewNames()
	four, _ := names.poolNumber("site", false)
	six, _ := names.poolNumber("site", true)
	again, _ := names.poolNumber("site", false)
	if four == six || four == 0 || six == 0 || again != four || names.Pool(four) != "site" || names.Pool(six) != "site" {
		t.Errorf("numbers %d and %d, again %d", four, six, again)
	}
}
