package control

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestFilter(t *testing.T) {
	for _, test := range []struct {
		filter string
		want   string // serials; expectations follow as x11, x12
	}{
		{"", "1 2 3 4 5 6 7 8 94096 x11 x12"},
		{"sintf port1", "1 2 3 4 5 6 7 8 x12"},
		{"sintf 2", "94096 x11"},
		{"dintf port1", "94096 x11"},
		{"sintf port3", ""},
		{"negate sintf sintf port1", "94096 x11"},
		{"src 10.1.0.2", "1 2 5 8"},
		{"src 10.1.0.2 10.1.0.3", "1 2 5 6 8"},
		{"src 10.1.0.2-10.1.0.3", "1 2 5 6 8"},
		{"src 10.1.0.0/24", "1 2 5 6 8"},
		{"src fd01::/16", "7 x12"},
		{"negate src src 10.0.0.0/8", "3 4 7 x12"},
		{"src 10.1.0.2 negate src negate src", "1 2 5 8"},
		{"nsrc 203.0.113.9", "2 5 8"},
		{"nsrc 10.9.0.1", "4"},
		{"negate nsrc nsrc 0.0.0.0/0", "1 3 6 7 94096 x11 x12"},
		{"dst 191.2.16.148", "3 4"},
		{"dst 172.16.40.19", ""},
		{"proto 17", "6 x12"},
		{"proto 1 5", "5"},
		{"proto-state 1", "1 2 4 8 94096"},
		{"sport 53466", "1 2 3 4 x11 x12"},
		{"nport 61000 63005", "2 5"},
		{"dport 21 90", "6 7 8"},
		{"dport 8", "5"},
		{"policy 9", "6"},
		{"negate policy policy 9", "1 2 3 4 5 7 8 94096 x11 x12"},
		{"expire 0 100", "5 x11 x12"},
		{"duration 83", "1 2 3 4 5 6 7 8 94096"},
		{"src 10.1.0.2 dport 443", "1 2"},
		{"src 10.1.0.2 dport 443 nport 61000", "2"},
		{"src 10.1.0.2 dport 443 negate nport nport 61000", "1"},
		{"dport 21 dport 443", "1 2 3 4"},
		{"negate dport", "1 2 3 4 5 6 7 8 94096 x11 x12"},
	} {
		t.Run(test.filter, func(t *testing.T) {
			f, err := ParseFilter(strings.Fields(test.filter))
			if err == nil {
				err = f.check(fakeNames{})
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range shown(t, Query{Filter: f}) {
				if s.Expectation {
					got = append(got, fmt.Sprint("x", s.Serial))
				} else {
					got = append(got, fmt.Sprint(s.Serial))
				}
			}
			if g := strings.Join(got, " "); g != test.want {
				t.Errorf("chose %s, want %s", g, test.want)
			}
			again, err := ParseFilter(f.Words())
			if err != nil || !slices.Equal(again.Words(), f.Words()) {
				t.Errorf("read back from %q: %q, %v", f.Words(), again.Words(), err)
			}
		})
	}
}

func TestFilterFamily(t *testing.T) {
	if list := shown(t, Query{Family: Family6}); len(list) != 2 || list[0].Serial != 7 || list[1].Serial != 12 {
		t.Errorf("of IPv6: %+v", list)
	}
}

func TestFilterMistakes(t *testing.T) {
	for filter, want := range map[string]string{
		"colour red":               `filter "colour": no such field: expected one of sintf, `,
		"src":                      "filter src: expected a value",
		"src dport 1":              "filter src: expected a value",
		"src ten":                  `filter src: "ten": expected an address`,
		"src 10.0.0.9 10.0.0.1":    "filter src: range 10.0.0.9 to 10.0.0.1: expected the lower end first",
		"src 10.0.0.1 fd00::1":     "expected the lower end first",
		"dport 90 21":              "filter dport: range 90 to 21: expected the lower end first",
		"dport -1":                 `filter dport: "": expected a number`,
		"dport 1 2 3":              `filter "3": no such field`,
		"policy web":               `filter policy: "web": expected a number`,
		"sintf port1 port2":        `filter sintf: "port1 port2": expected one interface`,
		"sintf port9":              `filter sintf: "port9": no such interface`,
		"negate":                   "filter negate: expected a field",
		"negate colour":            `filter "colour": no such field`,
		"src 10.0.0.1 dport cheap": `filter dport: "cheap": expected a number`,
	} {
		f, err := ParseFilter(strings.Fields(filter))
		if err == nil {
			err = f.check(fakeNames{})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", filter, err, want)
		}
	}
}

func TestFilterPrints(t *testing.T) {
	f, err := ParseFilter(strings.Fields("src 10.1.0.0/24 negate policy policy 4 dport 21 90"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "filter.txt", f.String())
}

func FuzzFilter(f *testing.F) {
	f.Add("src 10.1.0.0/24 negate policy policy 4 dport 21 90")
	f.Add("sintf port1 nsrc fd00::1-fd00::9 expire 0")
	list := gallery()
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := ParseFilter(strings.Fields(text))
		if err != nil {
			return
		}
		again, err := ParseFilter(filter.Words())
		if err != nil || again != filter {
			t.Fatalf("%q became %q: %v", text, filter.Words(), err)
		}
		var s Session
		for i := range list.records {
			s.show(&list.records[i], list.at, fakeNames{})
			if filter.Match(&s) != again.Match(&s) {
				t.Fatal("two minds about one session")
			}
		}
	})
}
