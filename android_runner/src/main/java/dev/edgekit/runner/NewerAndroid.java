package dev.edgekit.runner;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A method that asks for the version before it calls what Android 8.0 has not: the build's API check leaves it out. */
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.METHOD)
@interface NewerAndroid {
}
