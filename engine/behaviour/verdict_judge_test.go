package behaviour_test

import (
	"slices"
	"strings"
	"testing"
)

// said is a remark in a scenario.
func said(word, config string) remark {
	return remark{by: "a.txtar", line: 1, word: word, config: config}
}

// TestJudge: what the remarks come to, and what is not believed.
func TestJudge(t *testing.T) {
	const timer, other = "\nudp-idle-timer = 300\n", "\nnat = \"enable\"\n"
	knob := []string{"udp-idle-timer"}
	for name, c := range map[string]struct {
		r     requirement
		said  []remark
		stand stand
		with  string
		wrong string // in a complaint
	}{
		"met":             {requirement{options: knob}, []remark{said("default", other)}, met, "", ""},
		"by option":       {requirement{options: knob}, []remark{said("not", other), said("udp-idle-timer = 300", timer)}, unmet, "udp-idle-timer = 300", ""},
		"in part":         {requirement{note: "for"}, []remark{said("not", other), said("default", other)}, partly, "", ""},
		"choice":          {requirement{choice: true, options: knob}, []remark{said("udp-idle-timer", timer)}, chosen, "udp-idle-timer", ""},
		"aside":           {requirement{aside: "for"}, nil, aside, "", ""},
		"missing":         {requirement{lacks: "all"}, nil, unmet, "", ""},
		"nothing":         {requirement{}, nil, aside, "", "nothing shows it"},
		"option alone":    {requirement{options: knob}, []remark{said("udp-idle-timer = 300", timer)}, aside, "udp-idle-timer = 300", "nothing shows the default"},
		"no default":      {requirement{options: knob}, []remark{said("default", timer)}, met, "", "changes the answer"},
		"not in force":    {requirement{options: knob}, []remark{said("not", other), said("udp-idle-timer", other)}, unmet, "udp-idle-timer", "does not stand"},
		"another value":   {requirement{options: knob}, []remark{said("not", other), said("udp-idle-timer = 30", timer)}, unmet, "udp-idle-timer = 30", "does not stand"},
		"another option":  {requirement{options: knob}, []remark{said("not", other), said("nat", other)}, unmet, "nat", "none of the options"},
		"no reason":       {requirement{}, []remark{said("not", other)}, unmet, "", "is not told"},
		"no part":         {requirement{}, []remark{said("not", other), said("default", other)}, partly, "", "is not told"},
		"not missing":     {requirement{lacks: "all"}, []remark{said("default", other)}, unmet, "", "said to be missing"},
		"applies":         {requirement{aside: "for"}, []remark{said("default", other)}, aside, "", "said not to apply"},
		"no choice":       {requirement{choice: true, options: knob}, []remark{said("default", other)}, chosen, "", "must be shown by an option"},
		"denied a choice": {requirement{choice: true, options: knob}, []remark{said("not", other), said("udp-idle-timer", timer)}, chosen, "udp-idle-timer", "must be shown by an option"},
	} {
		v, complaints := judge(name, &c.r, c.said)
		if v.stand != c.stand || strings.Join(v.with, ", ") != c.with {
			t.Errorf("%s: %+v", name, v)
		}
		if all := strings.Join(complaints, "\n"); c.wrong == "" && all != "" || !strings.Contains(all, c.wrong) {
			t.Errorf("%s: %q; expected %q", name, all, c.wrong)
		}
	}
}

func TestParseRemark(t *testing.T) {
	list, err := parseRemark("RFC 4787 REQ-5, REQ-6a: udp-idle-timer = 300")
	labels := []string{list[0].label, list[1].label}
	if err != nil || list[0].word != "udp-idle-timer = 300" || !slices.Equal(labels, []string{"RFC 4787 REQ-5", "RFC 4787 REQ-6a"}) {
		t.Errorf("%+v: %v", list, err)
	}
	if list, err := parseRemark("RFC 9293 says so: yes"); err != nil || list != nil {
		t.Errorf("no remark: %+v, %v", list, err)
	}
	for _, text := range []string{"RFC 4787 REQ-5", "RFC 4787 REQ-5 default", "RFC 7857 section 2", "RFC 4787 REQ-5 and REQ-6: default"} {
		if list, err := parseRemark(text); err == nil {
			t.Errorf("%s: %+v", text, list)
		}
	}
}
