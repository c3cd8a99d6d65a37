package tool

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"portcullis/lab"
)

// AmandaPort is where a machine that is backed up is asked.
const AmandaPort = 10080

// Amanda is a backup: of a machine that runs amandad, by a server that runs amdump.
// They authenticate each other by names and reserved ports alone ("bsd").
type Amanda struct {
	Machine string   // the machine's address, as the server knows it
	Servers []string // addresses, from which a server is let in
	Files   string   // the directory that is backed up
}

// amandaScript has a program of Amanda find what it looks for at fixed places: its
// own parts, its configuration and its state, which is in a directory.
func (a Amanda) script(t Tool, dir string) string {
	hosts := []string{a.Machine + " machine"}
	allowed := []string{}
	for i, s := range a.Servers {
		name := fmt.Sprintf("store%d", i)
		hosts = append(hosts, s+" "+name)
		allowed = append(allowed, name+" backup amdump")
	}
	return strings.Join([]string{
		t.installed(),
		"cp -a /etc /run/etc",
		"mount --bind /run/etc /etc",
		"cp " + t.file("etc/amanda-security.conf") + " /etc/",
		"mkdir -p /etc/amanda/lab",
		"printf '%s\\n' '" + strings.Join(hosts, "\n") + "' >> /etc/hosts",
		"printf '%s' '" + amandaConf + "' > /etc/amanda/lab/amanda.conf",
		"echo 'machine /run/files files' > /etc/amanda/lab/disklist",
		"mkdir /run/files",
		"mount --bind " + a.Files + " /run/files",
		"mkdir -p " + filepath.Join(dir, "tapes/slot1") + " " + filepath.Join(dir, "lab/log") + " " + filepath.Join(dir, "lab/index") + " " +
			filepath.Join(dir, "lab/info") + " " + filepath.Join(dir, "gnutar-lists"),
		"chown -R backup:backup " + dir + " /etc/amanda",
		"for place in lib log backups; do mount -t tmpfs tmpfs /var/$place; done",
		"mkdir /var/lib/amanda /var/log/amanda",
		"mount --bind " + dir + " /var/lib/amanda",
		"printf '%s\\n' '" + strings.Join(allowed, "\n") + "' > /var/backups/.amandahosts",
		"chmod 600 /var/backups/.amandahosts",
		"chown -R backup:backup /var/log/amanda /var/backups",
		t.emptyTmp(),
		"mount -t tmpfs -o mode=1777 tmpfs /dev/shm", // its names there are process ids, which others have, too
	}, "\n")
}

// amandaConf is the configuration of the server: one tape, which is a directory, and
// nothing kept on the way to it.
const amandaConf = `org "lab"
dumpuser "backup"
infofile "/var/lib/amanda/lab/info"
logdir "/var/lib/amanda/lab/log"
indexdir "/var/lib/amanda/lab/index"
dumpcycle 1 days
runspercycle 1
tapecycle 2 tapes
inparallel 1
etimeout 5
dtimeout 10
ctimeout 5
tpchanger "chg-disk:/var/lib/amanda/tapes"
labelstr "^lab-"
autolabel "lab-%%" any
define tapetype DISK {
length 100 mbytes
filemark 0 kbytes
}
tapetype DISK
define dumptype files {
auth "bsd"
client_port "10080"
program "GNUTAR"
compress none
index yes
holdingdisk never
}
`

// Amandad has amandad wait for requests, with its state in a directory.
func (a Amanda) Amandad(ctx context.Context, ns *lab.Namespace, dir string) (*lab.Process, error) {
	inetd, err := Find("inetd")
	if err != nil {
		return nil, err
	}
	t, err := Find("amdump_client") // which comes with amandad
	if err != nil {
		return nil, err
	}
	_, err = writeFile(dir, "inetd.conf", fmt.Sprintf("%d dgram udp wait backup:backup /usr/lib/amanda/amandad amandad -auth=bsd amdump\n", AmandaPort))
	if err != nil {
		return nil, err
	}
	return daemon(ctx, ns, within(inetd.Command("-i", "/var/lib/amanda/inetd.conf"), a.script(t, dir)), func() error { return boundUDP(AmandaPort) })
}

// Amdump backs the machine up, with the server's state in a directory.
func (a Amanda) Amdump(ctx context.Context, ns *lab.Namespace, dir string) (*lab.Process, error) {
	t, err := Find("amdump")
	if err != nil {
		return nil, err
	}
	setpriv, err := exec.LookPath("setpriv")
	if err != nil {
		return nil, fmt.Errorf("setpriv: %w", ErrMissing)
	}
	c := t.Command("--reuid=backup", "--regid=backup", "--init-groups", "amdump", "lab")
	c.Path = setpriv
	c = within(c, a.script(t, dir))
	c.Contain = true
	return ns.Run(ctx, c)
}

// AmandaTape is what a backup has written on the tape, which is in the server's
// directory.
func AmandaTape(dir string) ([]byte, error) {
	files, _ := filepath.Glob(filepath.Join(dir, "tapes/slot1/00001.*")) // the pattern is well formed
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: nothing on the tape: %w", dir, os.ErrNotExist)
	}
	return os.ReadFile(files[0])
}

// AmandaLog is what the server has noted of its backups.
func AmandaLog(dir string) string {
	text, _ := os.ReadFile(filepath.Join(dir, "lab/log/log")) // there is none before the first
	return string(text)
}
