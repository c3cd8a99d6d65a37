package behaviour_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// stand is how things stand by default.
type stand int

const (
	aside stand = iota // it does not apply
	met
	partly
	unmet
	chosen // it asks for a choice, and there is one
)

// verdict is what the remarks about one requirement come to.
type verdict struct {
	stand  stand
	with   []string // the options with which it is met, as a configuration spells them
	partly []string // those with which it is met in part
	shown  []remark // one of each place, those about the default first
}

// judge draws the verdict on r, and complains about what does not fit.
func judge(label string, r *requirement, said []remark) (v verdict, complaints []string) {
	complain := func(format string, args ...any) {
		complaints = append(complaints, label+": "+fmt.Sprintf(format, args...))
	}
	yes, no := false, false
	for i := range said {
		s := &said[i]
		switch s.word {
		case "default":
			yes = true
		case "not":
			no = true
		default:
			word, some := strings.CutPrefix(s.word, "partly ")
			for _, o := range strings.Split(word, ", ") {
				if !slices.Contains(r.options, attribute(o)) {
					complain("%s: %q is none of the options that change the answer: %v", s.place(), o, r.options)
				} else if s.test == "" && !sets(s.config, o) {
					complain("%s: %q does not stand in the configuration in force", s.place(), o)
				}
			}
			to := &v.with
			if some {
				to = &v.partly
			}
			if !slices.Contains(*to, word) {
				*to = append(*to, word)
			}
			continue
		}
		for _, o := range r.options {
			if s.test == "" && !r.choice && sets(s.config, o) {
				complain("%s: %s changes the answer, and is in force", s.place(), o)
			}
		}
	}
	v.shown = places(said)
	switch {
	case r.aside != "":
		if len(said) > 0 {
			complain("%s shows it, and it is said not to apply", said[0].place())
		}
		v.stand = aside
	case r.lacks != "":
		if yes || len(v.with)+len(v.partly) > 0 {
			complain("something shows it, and it is said to be missing: %s", r.lacks)
		}
		v.stand = unmet
	case len(said) == 0:
		complain("nothing shows it")
	case r.choice:
		if len(v.with) == 0 || no {
			complain("a choice must be shown by an option")
		}
		v.stand = chosen
	case yes && no:
		v.stand = partly
	case yes:
		v.stand = met
	case no:
		v.stand = unmet
	default:
		complain("nothing shows the default")
	}
	if v.stand == partly && r.note == "" || v.stand == unmet && r.note == "" && r.lacks == "" && len(v.with) == 0 {
		complain("why it is not met, or not wholly, is not told")
	}
	return v, complaints
}

// attribute is the name of an option: it may have a value, too.
func attribute(option string) string {
	name, _, _ := strings.Cut(option, " = ")
	return name
}

// sets says whether a configuration sets an option, to its value where it has one.
func sets(config, option string) bool {
	name, value, valued := strings.Cut(option, " = ")
	line := `(?m)^\s*` + regexp.QuoteMeta(name) + `\s*=\s*`
	if valued {
		line += regexp.QuoteMeta(value) + `\s*$`
	}
	return regexp.MustCompile(line).MatchString(config)
}

// places are the remarks without those that stand in the same test as another, in
// a fixed order.
func places(said []remark) []remark {
	rank := func(r *remark) int {
		if i := slices.Index([]string{"default", "not"}, r.word); i >= 0 {
			return i
		}
		return 2
	}
	sorted := slices.Clone(said)
	slices.SortStableFunc(sorted, func(a, b remark) int {
		if d := rank(&a) - rank(&b); d != 0 {
			return d
		}
		return strings.Compare(a.by+a.test, b.by+b.test)
	})
	var list []remark
	for _, s := range sorted {
		if !slices.ContainsFunc(list, func(o remark) bool { return o.by == s.by && o.test == s.test }) {
			list = append(list, s)
		}
	}
	return list
}
