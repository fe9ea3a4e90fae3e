//! Lists of fields and names, from which a type is written and read.

/// Writes and reads a struct by its fields. One that is not listed does not compile. `FIELD: WAY` writes and reads
/// a field by the functions of a type.
macro_rules! fields {
    (@put $column:ident, $out:ident) => { $crate::columns::Columnar::put_all(&$column, $out) };
    (@put $column:ident, $out:ident, $way:ident) => { $way::put(&$column, $out) };
    (@take $count:ident, $input:ident) => { $crate::columns::Columnar::take_all($count, $input) };
    (@take $count:ident, $input:ident, $way:ident) => { $way::take($count, $input) };
    ($($name:ident { $($field:ident $(: $way:ident)?),* $(,)? })*) => { $(
        impl $crate::columns::Columnar for $name {
            fn put_all(items: &[&Self], out: &mut $crate::columns::ColumnWriter) {
                $(
                    let column: Vec<_> = items.iter().map(|item| &item.$field).collect();
                    $crate::columns::fields!(@put column, out $(, $way)?);
                )*
            }

            fn take_all(count: usize, input: &mut $crate::columns::ColumnReader<'_>) -> Option<Vec<Self>> {
                $(let mut $field = $crate::columns::fields!(@take count, input $(, $way)?)?.into_iter();)*
                (0..count).map(|_| Some(Self { $($field: $field.next()?),* })).collect()
            }
        }
    )* };
}

/// Writes and reads an enum without data by the place of its variants. One that is not listed does not compile.
macro_rules! variants {
    ($($name:ident { $($variant:ident),* $(,)? })*) => { $(
        impl $crate::columns::Columnar for $name {
            fn put_all(items: &[&Self], out: &mut $crate::columns::ColumnWriter) {
                #[allow(unused_assignments, reason = "the last place is not followed by another")]
                let place = |item: &Self| {
                    let mut place = 0_u8;
                    $(
                        if matches!(item, Self::$variant) {
                            return place;
                        }
                        place += 1;
                    )*
                    // So that a new variant has to be listed.
                    match item { $(Self::$variant)|* => place }
                };
                $crate::columns::put_numbers(items.iter().map(|item| place(item)), out);
            }

            fn take_all(count: usize, input: &mut $crate::columns::ColumnReader<'_>) -> Option<Vec<Self>> {
                let all = [$(|| Self::$variant),*];
                let places = $crate::columns::take_numbers::<u8>(count, input)?;
                places.map(|place| all.get(usize::from(place)).map(|made| made())).collect()
            }
        }
    )* };
}

/// Writes and reads a type as a number of another type: its own number, and what makes it of one (`None` is refused).
macro_rules! numbers {
    ($($name:ty as $number:ty: $get:expr, $make:expr;)*) => { $(
        impl $crate::columns::Columnar for $name {
            fn put_all(items: &[&Self], out: &mut $crate::columns::ColumnWriter) {
                let get: fn(&Self) -> $number = $get;
                $crate::columns::put_numbers(items.iter().map(|item| get(item)), out);
            }

            fn take_all(count: usize, input: &mut $crate::columns::ColumnReader<'_>) -> Option<Vec<Self>> {
                let make: fn($number) -> Option<Self> = $make;
                $crate::columns::take_numbers::<$number>(count, input)?.map(make).collect()
            }
        }
    )* };
}

/// Writes and reads a type as a text.
macro_rules! texts {
    ($($name:ty: $get:expr, $make:expr;)*) => { $(
        impl $crate::columns::Columnar for $name {
            fn put_all(items: &[&Self], out: &mut $crate::columns::ColumnWriter) {
                let get: fn(&Self) -> &str = $get;
                out.texts(items.iter().map(|item| get(item)));
            }

            fn take_all(count: usize, input: &mut $crate::columns::ColumnReader<'_>) -> Option<Vec<Self>> {
                let make: fn(&str) -> Self = $make;
                input.texts(count)?.into_iter().map(|text| Some(make(text))).collect()
            }
        }
    )* };
}

pub(crate) use {fields, numbers, texts, variants};
