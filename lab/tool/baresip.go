package tool

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"portcullis/lab"
)

// Phone is baresip, a telephone of one user, which answers whoever calls, and says a
// tone.
type Phone struct {
	User      string
	At        netip.AddrPort
	Registrar netip.AddrPort // as the telephone knows it
	Media     uint16         // the first of 100 ports for media
	Dial      string         // the user whom it calls as it is switched on; "" for none

	process *lab.Process
}

// SwitchOn starts the telephone, with its files in a directory.
func (p *Phone) SwitchOn(ns *lab.Namespace, dir string) error {
	t, err := Find("baresip")
	if err != nil {
		return err
	}
	modules := t.file("usr/lib/baresip/modules")
	if _, err := writeFile(dir, "config", fmt.Sprintf(phone, p.At, p.Media, p.Media+98, modules)); err != nil {
		return err
	}
	if _, err := writeFile(dir, "accounts", fmt.Sprintf("<sip:%s@%s;transport=udp>;regint=300;answermode=auto;audio_codecs=pcma\n", p.User, p.Registrar)); err != nil {
		return err
	}
	args := []string{"-f", dir}
	if p.Dial != "" {
		args = append(args, "-e", fmt.Sprintf("/dial sip:%s@%s", p.Dial, p.Registrar))
	}
	c := t.Command(args...)
	c.Dir, c.Contain = dir, true
	p.process, err = ns.Start(c)
	return err
}

// Registered says whether a registrar knows the telephone.
func (p *Phone) Registered() bool { return registered.MatchString(p.Text()) }

var registered = regexp.MustCompile(`200 OK .*\[\d+ bindings?\]`)

// Answered is how many calls have been answered, on either end.
func (p *Phone) Answered() int { return strings.Count(p.Text(), ": Call established: ") }

// SwitchOff ends the telephone, and with it the calls that there are.
func (p *Phone) SwitchOff() error { return p.process.Stop(3 * time.Second) }

// Heard are the endpoints that media came from, one for each call in which any did.
func (p *Phone) Heard() (from []string) {
	for _, m := range heard.FindAllStringSubmatch(p.Text(), -1) {
		from = append(from, m[1])
	}
	return from
}

var heard = regexp.MustCompile(`incoming rtp for 'audio' established, receiving from (\S+)`)

// Ended is how many calls the other end has ended.
func (p *Phone) Ended() int { return strings.Count(p.Text(), ": session closed: ") }

// Text is what the telephone has printed.
func (p *Phone) Text() string { return p.process.Stdout() + p.process.Stderr() }

// phone is the configuration of baresip. What is heard is what another call would
// say: there is no loudspeaker.
const phone = `sip_listen %s
net_interface eth0
rtp_ports %d-%d
rtcp_mux no
module_path %s
module g711.so
module ausine.so
module aubridge.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
audio_source ausine,440
ausrc_srate 48000
ausrc_channels 2
audio_player aubridge,heard
audio_alert none,none
`
