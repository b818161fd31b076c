/* Bionic's names on glibc, for Android x86_64 libraries on a desktop Java (tests only; see gen.py).
 *
 * What both C libraries name and do alike is forwarded by gen.py. Here stands what differs: stdio's three streams,
 * sysconf's numbers, strerror_r, the log, properties.
 *
 * Environment: SHIM_LOG   a file (or pipe) to which every log line is added: "PID TAG PRIORITY MESSAGE"
 *                         (standard error where it is not set)
 *              SHIM_SDK   what ro.build.version.sdk answers (34 where it is not set)
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>

#define EXPORT(name) __asm__(".symver " #name ", " #name "@LIBC")
#define AS(own, name) __asm__(".symver " #own ", " #name "@LIBC")
#define REAL(type, name) ((type)found(name))

typedef struct _IO_FILE FILE;
extern FILE *stdin, *stdout, *stderr;
extern int dprintf(int, const char *, ...);
extern int snprintf(char *, size_t, const char *, ...);
extern int vsnprintf(char *, size_t, const char *, va_list);
extern long write(int, const void *, size_t);
extern int close(int);
extern int getpid(void);
extern char *getenv(const char *);
extern int strcmp(const char *, const char *);
extern size_t strlen(const char *);

extern const char shim_names[]; /* gen.py's list: name NUL name NUL ... NUL */
extern void *shim_table[];

static void *c_library, *m_library;

static void *found(const char *name) {
  void *place = dlsym(c_library, name);
  return place ? place : dlsym(m_library, name);
}

/* A function that this computer has not (EGL, OpenGL): it answers 0, "there is none", as a phone without a GPU. */
static long missing(void) { return 0; }

__attribute__((constructor)) static void fill_table(void) {
  c_library = dlopen("libc.so.6", RTLD_NOW);
  m_library = dlopen("libm.so.6", RTLD_NOW);
  int index = 0;
  for (const char *name = shim_names; *name; name += strlen(name) + 1) {
    void *place = found(name);
    shim_table[index++] = place ? place : (void *)missing;
  }
}

/* --- stdio: bionic's stdin, stdout and stderr are an array of FILE, 152 bytes each on 64 bits --- */
char __sF[3 * 152];
EXPORT(__sF);

static FILE *stream(FILE *file) {
  char *place = (char *)file;
  if (place == __sF) return stdin;
  if (place == __sF + 152) return stdout;
  if (place == __sF + 304) return stderr;
  return file;
}

int own_vfprintf(FILE *file, const char *format, va_list values) {
  return REAL(int (*)(FILE *, const char *, va_list), "vfprintf")(stream(file), format, values);
}
AS(own_vfprintf, vfprintf);
int own_fprintf(FILE *file, const char *format, ...) {
  va_list values;
  va_start(values, format);
  int result = own_vfprintf(file, format, values);
  va_end(values);
  return result;
}
AS(own_fprintf, fprintf);
int own_fputc(int byte, FILE *file) { return REAL(int (*)(int, FILE *), "fputc")(byte, stream(file)); }
AS(own_fputc, fputc);
int own_fputs(const char *text, FILE *file) { return REAL(int (*)(const char *, FILE *), "fputs")(text, stream(file)); }
AS(own_fputs, fputs);
int own_fflush(FILE *file) { return REAL(int (*)(FILE *), "fflush")(file ? stream(file) : file); }
AS(own_fflush, fflush);
size_t own_fwrite(const void *data, size_t size, size_t count, FILE *file) {
  return REAL(size_t (*)(const void *, size_t, size_t, FILE *), "fwrite")(data, size, count, stream(file));
}
AS(own_fwrite, fwrite);
int own_fileno(FILE *file) { return REAL(int (*)(FILE *), "fileno")(stream(file)); }
AS(own_fileno, fileno);
int own_fclose(FILE *file) { return REAL(int (*)(FILE *), "fclose")(stream(file)); }
AS(own_fclose, fclose);

/* --- numbers and conventions that differ --- */
int *__errno(void) { return __errno_location(); }
EXPORT(__errno);
size_t __strlen_chk(const char *text, size_t size) {
  (void)size;
  return REAL(size_t (*)(const char *), "strlen")(text);
}
EXPORT(__strlen_chk);
int own_strerror_r(int number, char *text, size_t size) {
  return REAL(int (*)(int, char *, size_t), "__xpg_strerror_r")(number, text, size);
}
AS(own_strerror_r, strerror_r);
long own_sysconf(int bionic) {
  static const int numbers[][2] = {{0x06, 2}, {0x27, 30}, {0x28, 30}, {0x60, 83}, {0x61, 84}, {0x62, 85}};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (numbers[i][0] == bionic) return REAL(long (*)(int), "sysconf")(numbers[i][1]);
  dprintf(2, "shim: sysconf(%d) is not known\n", bionic);
  return -1;
}
AS(own_sysconf, sysconf);
int own_atexit(void (*function)(void *), void *argument, void *library) {
  return REAL(int (*)(void (*)(void *), void *, void *), "__cxa_atexit")(function, argument, library);
}
AS(own_atexit, __cxa_atexit);
void own_finalize(void *library) { REAL(void (*)(void *), "__cxa_finalize")(library); }
AS(own_finalize, __cxa_finalize);

/* --- properties: TFLite asks for the SDK level before it turns XNNPACK or NNAPI on --- */
int __system_property_get(const char *name, char *value) {
  value[0] = 0;
  if (strcmp(name, "ro.build.version.sdk")) return 0;
  const char *level = getenv("SHIM_SDK");
  return snprintf(value, 92, "%s", level ? level : "34");
}
EXPORT(__system_property_get);

/* --- the log --- */
static void keep(int priority, const char *tag, const char *message) {
  char line[4096];
  int size = snprintf(line, sizeof line, "%d %s %d %s\n", getpid(), tag ? tag : "-", priority, message);
  if (size >= (int)sizeof line) line[(size = sizeof line) - 1] = '\n';
  const char *name = getenv("SHIM_LOG");
  int file = name ? open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : 2;
  if (write(file, line, size) != size) dprintf(2, "shim: a log line was lost\n"); /* one write: never torn */
  if (file > 2) close(file);
}
int __android_log_write(int priority, const char *tag, const char *message) {
  keep(priority, tag, message);
  return 1;
}
EXPORT(__android_log_write);
int __android_log_vprint(int priority, const char *tag, const char *format, va_list values) {
  char message[4000];
  vsnprintf(message, sizeof message, format, values);
  return __android_log_write(priority, tag, message);
}
EXPORT(__android_log_vprint);
int __android_log_print(int priority, const char *tag, const char *format, ...) {
  va_list values;
  va_start(values, format);
  int result = __android_log_vprint(priority, tag, format, values);
  va_end(values);
  return result;
}
EXPORT(__android_log_print);
void android_set_abort_message(const char *message) { keep(7, "libc", message); }
EXPORT(android_set_abort_message);
void __assert2(const char *file, int line, const char *function, const char *failed) {
  char message[1024];
  snprintf(message, sizeof message, "%s:%d: %s: assertion \"%s\" failed", file, line, function, failed);
  keep(7, "libc", message);
  __builtin_trap();
}
EXPORT(__assert2);
