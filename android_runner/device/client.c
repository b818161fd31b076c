/* The one program behind am, pm, getprop, ...: it hands its name, words, folder and its three open files to the phone's
   process over a socket, waits there, and ends with the exit code that comes back. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PLACE "/dev/socket/phone"

static char words[1 << 20];

int main(int count, char **argv) {
    size_t size = 0;
    char folder[4096];
    const char *slash = strrchr(argv[0], '/');
    argv[0] = slash ? (char *)slash + 1 : argv[0];
    if (!getcwd(folder, sizeof folder)) strcpy(folder, "/");
    for (int i = -1; i < count; i++) {
        const char *word = i < 0 ? folder : argv[i];
        size_t length = strlen(word) + 1;
        if (size + length > sizeof words) { fprintf(stderr, "%s: too many words\n", argv[0]); return 126; }
        memcpy(words + size, word, length);
        size += length;
    }

    int line = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un place = {.sun_family = AF_UNIX, .sun_path = PLACE};
    if (line < 0 || connect(line, (struct sockaddr *)&place, sizeof place) != 0) {
        fprintf(stderr, "cmd: Can't find service: %s\n", argv[0]);
        return 20;
    }

    uint32_t length = size;
    int files[3] = {0, 1, 2};
    char control[CMSG_SPACE(sizeof files)] = {0};
    struct iovec head = {&length, sizeof length};
    struct msghdr message = {.msg_iov = &head, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof files);
    memcpy(CMSG_DATA(part), files, sizeof files);
    if (sendmsg(line, &message, MSG_NOSIGNAL) != sizeof length) { perror(argv[0]); return 126; }
    for (size_t sent = 0; sent < size;) {
        ssize_t now = send(line, words + sent, size - sent, MSG_NOSIGNAL);
        if (now <= 0) { perror(argv[0]); return 126; }
        sent += now;
    }
    unsigned char code;
    return recv(line, &code, 1, MSG_WAITALL) == 1 ? code : 1;
}
